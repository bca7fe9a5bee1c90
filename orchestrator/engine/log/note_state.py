"""What the code of a run's steps has noted, and what people said to its agents."""

from dataclasses import dataclass, field

from orchestrator.engine.errors import IllegalTransition
from orchestrator.engine.ids import Path
from orchestrator.engine.log.notes import AgentHeard, AgentTold, Note


@dataclass(slots=True)
class NoteState:
    """`told` is what people said, by the step it was said to, in order; `heard` are the numbers of what an agent had heard by a turn."""

    paths: set[Path] = field(default_factory=set)
    told: dict[Path, list[AgentTold]] = field(default_factory=dict)
    heard: dict[Path, tuple[int, ...]] = field(default_factory=dict)

    def take(self, note: Note) -> None:
        self.paths.add(note.path)

    def tell(self, message: AgentTold) -> None:
        self.told.setdefault(message.to, []).append(message)

    def hear(self, note: AgentHeard) -> None:
        """Raises IllegalTransition for what nobody had said."""
        said = {message.seq for messages in self.told.values() for message in messages}
        if note.path in self.heard or not said.issuperset(note.told):
            raise IllegalTransition(f"At {note.path} the agent cannot have heard {list(note.told)}")
        self.heard[note.path] = note.told
