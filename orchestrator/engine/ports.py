"""What the engine needs from whoever runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.effects.gate import Authority
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.events import Event

Delta = Callable[[str], None]
"""Takes a piece of text as the model streams it."""


class ToolCall(BaseModel):
    """One call. `idempotency_key` is the same whenever this call is made again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str
    arguments: dict[str, Json]
    agent: str = ""
    idempotency_key: str = ""


class LanguageModel(Protocol):
    async def complete(self, request: ModelRequest, on_delta: Delta) -> ModelReply:
        """Ask the model. Raises ModelError, with a code and whether trying again makes sense."""
        ...


class ToolBox(Protocol):
    def spec(self, name: str) -> ToolSpec | None:
        """The tool, or None when there is none of that name."""
        ...

    async def call(self, call: ToolCall) -> Json:
        """Perform the call. Raises ToolError with a text a model can learn from."""
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


@dataclass(frozen=True, slots=True)
class Host:
    models: LanguageModel
    tools: ToolBox
    sink: EventSink
    authority: Authority
    clock: Clock
