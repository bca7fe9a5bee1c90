"""What is said to a language model and what comes back, whoever the provider is."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json

NANO = 1_000_000_000
"""Costs are whole nano-dollars, so that sums are exact."""


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class ToolRequest(Record):
    """A model's wish to call a tool. `arguments` is the text as the model wrote it."""

    id: str
    name: str
    arguments: str


class TextPart(Record):
    type: Literal["text"]
    text: str


Part = TextPart
"""One piece of what a message says."""


def text_parts(text: str) -> tuple[Part, ...]:
    """The content that says this text; no part for an empty one."""
    return (TextPart(type="text", text=text),) if text else ()


class Message(Record):
    role: Role
    content: tuple[Part, ...] = ()
    reasoning: str = ""
    tool_requests: tuple[ToolRequest, ...] = ()
    tool_request_id: str | None = None
    """For role `tool`: which request this answers."""
    name: str | None = None

    @property
    def text(self) -> str:
        """What the parts say in words, put together."""
        return "".join(part.text for part in self.content)


class Usage(Record):
    """Tokens and money of one model call. `priced` is false when no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_nano_usd: int = 0
    priced: bool = True
    estimated: bool = False
    """The provider reported nothing; tokens were counted here."""


class ModelRequest(Record):
    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    output_schema: dict[str, Json] | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    timeout_s: float = 120.0


class ModelReply(Record):
    """`model` is the one that answered. `finish` is never guessed: a stream that was cut is an error."""

    message: Message
    model: str
    finish: Literal["stop", "tools", "length", "filtered"]
    usage: Usage = Usage()
    demo: bool = False
    """Answered by the demo model: no language model was asked."""
