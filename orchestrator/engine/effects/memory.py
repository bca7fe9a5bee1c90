"""What is kept of one run for later ones, and what comes back, whatever store it lies in."""

from typing import Final, Literal

from orchestrator.engine.document.agents.memory import Retention, Retrieval
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.model import Record

MemoryKind = Literal["note", "episode"]

LONGEST_MEMORY: Final = 8_000
"""Characters of one memory."""
LONGEST_QUESTION: Final = 4_000
"""Characters of what memories are looked for by."""


class MemoryQuery(Record):
    """Whose memories, and which of them. `embedding` names the model whose vectors are compared."""

    space: str
    kind: MemoryKind
    text: str
    embedding: str
    retrieval: Retrieval = Retrieval()


class Provenance(Record):
    """Where a memory is from. `person` had the run made, or has corrected the memory; empty where nobody is known."""

    run: str = ""
    path: str = ""
    agent: str = ""
    graph: str = ""
    person: str = ""


class RecalledMemory(Record):
    """`similarity` and `score` are between 0 and 1; the score is what it was chosen by. `kept_us`: when, in microseconds."""

    id: str
    text: str
    score: float
    similarity: float
    kept_us: int
    source: Provenance = Provenance()


class NewMemory(Record):
    """`sensitive` names what in it looks sensitive, and was let pass.

    `tells_of` names the piece of work that it tells of, whatever the attempt: of one piece of work in a run one memory is kept,
    and the last to be told takes the place of the one before. Empty: it stands for itself.
    """

    space: str
    kind: MemoryKind
    text: str
    embedding: str
    retention: Retention = Retention()
    sensitive: tuple[str, ...] = ()
    tells_of: str = ""

    def key(self, run_id: str, call_key: str) -> str:
        """Under which it is kept once, 40 characters at most: that of the call, or of the piece of work."""
        return digest([run_id, self.kind, self.space, self.tells_of])[:40] if self.tells_of else call_key


class KeptMemory(Record):
    """`forgotten` is how many older ones had to go for it."""

    id: str
    forgotten: int = 0
