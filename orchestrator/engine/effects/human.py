"""What a person is asked, and what they answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.ids import Json


class HumanAction(BaseModel):
    """A button a person can press."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    style: Literal["primary", "danger", "quiet"] = "quiet"
    takes_value: bool = True
    """False where a value that came with it could not be used: it is refused then, never ignored."""


class HumanRequest(BaseModel):
    """What a person is asked. `digest` binds the answer to exactly what is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["approval", "review", "question", "unknown_outcome"]
    title: str
    message: str = ""
    payload: Json = None
    actions: tuple[HumanAction, ...]
    answer_schema: dict[str, Json] | None = None
    digest: str = ""
    tool: str = ""
    """Whose call the policy leaves to a person's word, approved or made again; empty for every other question."""
    deadline_us: int | None = None


class HumanAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str
    value: Json = None
    comment: str = ""


EXPIRED = "expired"
"""The action that stands for nobody having answered in time."""
