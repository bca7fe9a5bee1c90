"""What the code of a step notes while it works: choices, plans, thoughts, and what it was told.

No effect on the world: an agent's work is the same without them, but nobody could see why it did what it did.
"""

from typing import Literal

from orchestrator.engine.ids import Path
from orchestrator.engine.log.event import Event

CorrectionKind = Literal["unknown_tool", "bad_arguments", "bad_turn", "looping", "empty", "truncated", "bad_answer"]
"""What can be wrong with an answer of a model and may be put right by telling it."""


class Note(Event):
    """Something that the code of a step found, decided or was told. A replay finds it at its path and records it once."""

    path: Path


class Decision(Note):
    """Who or what was chosen, and why: a route, a speaker, a bid."""

    type: Literal["decision"] = "decision"
    what: str
    chosen: str
    why: str = ""
    options: tuple[str, ...] = ()


class AgentNote(Note):
    """What an agent at work noted; `agent` is its id in the graph."""

    agent: str


class Thought(AgentNote):
    """Why the agent does what it does next."""

    type: Literal["thought"] = "thought"
    text: str


class Correction(AgentNote):
    """What was wrong with an answer of the model, which was told so; `left` corrections remain."""

    type: Literal["correction"] = "correction"
    what: CorrectionKind
    fault: str
    left: int


class Planned(AgentNote):
    """The plan as it stands: all its steps, of which the first `done` are behind it. `by` is the person who changed it, if one did."""

    type: Literal["planned"] = "planned"
    revision: int
    steps: tuple[str, ...]
    done: int = 0
    why: str = ""
    by: str = ""


class Considered(AgentNote):
    """A thought of a tree, judged. `thought` is its place, such as `2.1` for the first below the second; `parent` is empty at the root.

    `value` is from 0 to 1; `kept` says whether the search goes on from it.
    """

    type: Literal["considered"] = "considered"
    thought: str
    parent: str
    text: str
    value: float
    kept: bool


class Reflected(AgentNote):
    """What the agent thinks of its own answer number `round`, counted from 1. `score` is from 0 to 1."""

    type: Literal["reflected"] = "reflected"
    round: int
    good: bool
    score: float
    critique: str
    lesson: str = ""


class Summarised(AgentNote):
    """From here on the model is sent `text` in place of the oldest `messages` messages that an earlier summary did not stand for.

    The tokens are those of what it stands for, the earlier summary among it, and its own.
    """

    type: Literal["summarised"] = "summarised"
    messages: int
    tokens_before: int
    tokens_after: int
    text: str


class AgentTold(Event):
    """A person said something to the agent at work in step `to`, the path of its first attempt."""

    type: Literal["agent_told"] = "agent_told"
    to: Path
    text: str
    by: str = ""
    by_id: str = ""


class AgentHeard(AgentNote):
    """What had been said to the agent by its next turn: the numbers of the events that tell it."""

    type: Literal["agent_heard"] = "agent_heard"
    told: tuple[int, ...]
