"""A tool as models, policies and people see it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.ids import Json


class Safety(StrEnum):
    """What may be done when nobody knows whether a call happened."""

    PURE = "pure"
    """No effect outside: call again freely."""
    IDEMPOTENT = "idempotent"
    """Call again with the same idempotency key."""
    UNSAFE = "unsafe"
    """Never again without a person's word: the outcome is unknown."""


class ToolSpec(BaseModel):
    """`parameters` is the JSON Schema (an object) of the arguments. `price_nano_usd` is what a call that was answered costs.

    Tools of one `family` do the same to the world: rights and rules about one hold for the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")
    title: str = ""
    description: str
    parameters: dict[str, Json]
    safety: Safety = Safety.UNSAFE
    timeout_s: float = Field(default=30.0, gt=0)
    family: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9_-]{0,63})?$")
    price_nano_usd: int = Field(default=0, ge=0, le=10**15)
