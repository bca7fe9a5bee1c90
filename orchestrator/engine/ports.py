"""What the engine needs from whoever runs it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.document.problems import Problem
from orchestrator.engine.effects.child_run import RunEnd, RunWanted
from orchestrator.engine.effects.gate import Authority
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, RecalledMemory
from orchestrator.engine.effects.model import FilePart, ModelReply, ModelRequest, Usage
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import EngineError, ErrorCode, ErrorInfo, ToolError
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.events import Event

Delta = Callable[[str], None]
"""Takes a piece of text as the model streams it."""


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One try at a provider that failed and is followed by another.

    `attempt` counts from 1 within the call, `retry_in_s` is the wait before the next one,
    `usage` what the try cost nevertheless; None when nothing was billed.
    """

    attempt: int
    error: ErrorInfo
    retry_in_s: float
    usage: Usage | None = None


class FramesWanted(BaseModel):
    """One frame each `every_s` seconds, or without that spread evenly over the video; `at_most` so many."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_s: float | None = None
    at_most: int = 16


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, and what they are, whatever is said of them elsewhere."""

    data: bytes
    media_type: str


class Files(Protocol):
    """The contents of a run's files: read and kept by the host, never by the log."""

    async def content(self, file: FilePart) -> Content:
        """What is in a file of the run's tenant. Raises EngineError for one that it does not have."""
        ...

    async def frames(self, video: FilePart, wanted: FramesWanted) -> list[FilePart]:
        """Pictures of a video, kept as files, in order, each with its time. Raises EngineError for what is no video."""
        ...


class NoFiles:
    """The Files of a host that keeps none."""

    async def content(self, file: FilePart) -> Content:
        raise missing_file(file)

    async def frames(self, video: FilePart, wanted: FramesWanted) -> list[FilePart]:
        raise missing_file(video)


def missing_file(file: FilePart) -> EngineError:
    """The content of a file cannot be had."""
    told = f"The content of {file.name} is not there"
    return EngineError(told, code=ErrorCode.INVALID_INPUT, cure="Send the file again and start another run with it.")


NO_FILES: Final = NoFiles()


class Runs(Protocol):
    """Runs that a run starts: each belongs to it, and its end is told to it at the path below that of the call."""

    async def start(self, wanted: RunWanted, call: "CallContext") -> str:
        """Start it, once per idempotency key of the call: its id. Raises ToolError with a text a model can learn from."""
        ...

    async def ended(self, run: str) -> RunEnd | None:
        """How it ended; None while it goes on. Raises HostUnavailable."""
        ...


class NoRuns:
    """The Runs of a host that has no other graphs."""

    async def start(self, wanted: RunWanted, call: "CallContext") -> str:
        raise ToolError(f"There is no graph {wanted.graph!r} here", cure="Go on without it.")

    async def ended(self, run: str) -> RunEnd | None:
        return RunEnd(run=run, status="failed", message="It is not there.")


NO_RUNS: Final = NoRuns()


@dataclass(frozen=True, slots=True)
class CallContext:
    """On whose behalf a call is made, and whom to tell while it is under way.

    `agent` is empty for a node that a person drew. `idempotency_key` is the same whenever
    this call is made again. `attempt` is 1, and grows each time a worker begins the call anew.
    `files` gives the contents of the files that the call speaks of.
    """

    run_id: str
    path: Path
    agent: str
    tenant: str
    idempotency_key: str
    attempt: int
    on_delta: Delta
    on_failed_attempt: Callable[[FailedAttempt], None]
    files: Files = NO_FILES


class ToolCall(BaseModel):
    """What is called with what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str
    arguments: dict[str, Json]


class LanguageModel(Protocol):
    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        """Ask the model. Raises ModelError, with a code and whether trying again makes sense."""
        ...


class ToolBox(Protocol):
    def spec(self, name: str) -> ToolSpec | None:
        """The tool, or None when there is none of that name."""
        ...

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        """Perform the call. Raises ToolError with a text a model can learn from."""
        ...


class Evaluator(Protocol):
    """Evaluates what may take long, where it holds up nobody. Raises LimitExceeded for what takes too much time or memory."""

    async def value(self, source: str, seen: dict[str, Json], known: list[str]) -> Json:
        """The value of a CEL expression over what it sees; `known` are the names of all variables. Raises ExpressionFailed."""
        ...

    async def graph_errors(self, text: str) -> list[Problem]:
        """The problems for which a graph document, given as JSON text, cannot be executed."""
        ...

    async def faults(self, schema: dict[str, Json], value: Json) -> list[str]:
        """Where and why `value` does not fit a JSON Schema, the first few places."""
        ...


class Memory(Protocol):
    """What agents of the tenant remember across runs."""

    async def recall(self, query: MemoryQuery, call: CallContext) -> tuple[tuple[RecalledMemory, ...], Usage | None]:
        """The memories that fit, best first, and what it cost to compare them. Raises MemoryFailed."""
        ...

    async def remember(self, memory: NewMemory, call: CallContext) -> tuple[KeptMemory, Usage | None]:
        """Keep it, once per idempotency key of the call, then let go of what its retention says. Raises MemoryFailed."""
        ...


class TokenCounter(Protocol):
    def count(self, model: str, text: str) -> int:
        """How many tokens the model makes of a text; the same each time. An estimate where its tokeniser is not known."""
        ...


class EventSink(Protocol):
    """The log of one run, as its runner writes it."""

    def append(self, events: Sequence[Event]) -> None:
        """Take numbered events; they become durable soon, in order. Never blocks."""
        ...

    async def flush(self) -> None:
        """Return once everything appended is durable. Raises LeaseLost when it never will be."""
        ...

    def delta(self, path: Path, text: str) -> None:
        """Show a piece of streamed text to whoever watches; it is never stored."""
        ...


class Clock(Protocol):
    def now_us(self) -> int:
        """Microseconds since the Unix epoch."""
        ...

    def random(self) -> float:
        """Uniform in [0, 1)."""
        ...


class CallGuard(Protocol):
    """Stands between a run and every effect on the world."""

    def passed(self) -> AbstractAsyncContextManager[None]:
        """Entered before an effect is recorded as started, left when its result is recorded.

        Entering waits for ever once the worker is stopping, and raises LeaseLost when the run
        may belong to another worker: an effect is recorded as started only when it may begin.
        """
        ...


class Inbox(Protocol):
    """The answers and commands that were accepted for the run and have not reached its runner."""

    async def settle(self) -> int:
        """Deliver all of them. Returns the time, in microseconds of the clock by which deadlines
        are kept, before which no other answer can have been accepted."""
        ...


@dataclass(frozen=True, slots=True)
class Host:
    """What one run is lent. `tenant` is the id of whom it belongs to."""

    models: LanguageModel
    tools: ToolBox
    sink: EventSink
    authority: Authority
    clock: Clock
    guard: CallGuard
    inbox: Inbox
    evaluator: Evaluator
    memory: Memory
    tokens: TokenCounter
    tenant: str = ""
    files: Files = NO_FILES
    runs: Runs = NO_RUNS
