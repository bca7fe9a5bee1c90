"""What is said to a language model and what comes back, whoever the provider is."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json

NANO = 1_000_000_000
"""Costs are whole nano-dollars, so that sums are exact."""


MOST_TOKENS = 10**9
"""Of one call: a hundred times the longest context there is. More is not believed."""
MOST_FILE_BYTES = 2**40
MOST_NANO_USD = 10**15
"""Of one call: a million dollars. So the costs of ten thousand calls together fit a column of a database."""


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


class FilePart(Record):
    """A file, by the SHA-256 of its content: whoever needs the bytes asks the host for them.

    `media_type` was read from the content. `size` is in bytes; `at_s` is where in a video a frame was taken, in seconds.
    Dumped without defaults it is how a run's data hold a file: `input.photo.media_type` is a field like any other.
    """

    type: Literal["file"]
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$", max_length=127)
    name: str = Field(min_length=1, max_length=255)
    size: int = Field(ge=0, le=MOST_FILE_BYTES)
    at_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def modality(self) -> Modality:
        return modality_of(self.media_type)

    def value(self) -> dict[str, Json]:
        """The file as a value of a run."""
        return self.model_dump(mode="json", exclude_defaults=True)


Part = Annotated[TextPart | FilePart, Field(discriminator="type")]
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
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def files(self) -> tuple[FilePart, ...]:
        return tuple(part for part in self.content if isinstance(part, FilePart))


class Usage(Record):
    """Tokens and money of one model call. `priced` is false when no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_nano_usd: int = 0
    priced: bool = True
    estimated: bool = False
    """The provider reported nothing, or nonsense; tokens were counted here."""

    def bounded(self) -> "Usage":
        """The same with every number between nothing and the most that can be."""
        counts = {name: min(max(0, getattr(self, name)), MOST_TOKENS) for name in ("input_tokens", "output_tokens", "cached_tokens")}
        cost = min(max(0, self.cost_nano_usd), MOST_NANO_USD)
        within = self.model_copy(update={**counts, "cost_nano_usd": cost})
        return self if within == self else within.model_copy(update={"estimated": True})


class ModelRequest(Record):
    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    output_schema: dict[str, Json] | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    timeout_s: float = 120.0


class ModelReply(Record):
    """`model` is the one that answered. `finish` is never guessed: a stream that was cut is an error.

    `refused`: the message says why the model would not. `paused`: it goes on when its message is sent back to it.
    """

    message: Message
    model: str
    finish: Literal["stop", "tools", "length", "filtered", "refused", "paused"]
    usage: Usage = Usage()
    demo: bool = False
    """Answered by the demo model: no language model was asked."""
