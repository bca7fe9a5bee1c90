"""An agent: a model, its instructions, the tools it may ask for, and its limits."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.agents.memory import AgentMemory
from orchestrator.engine.document.agents.strategy import Direct, Strategy
from orchestrator.engine.document.json_numbers import FromJson, Whole
from orchestrator.engine.ids import Json


class AgentLimits(BaseModel):
    """Where an agent stops, whatever its model says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_iterations: Whole = Field(default=50, ge=1, le=5_000, title="Model calls at most")
    max_seconds: float = Field(default=300.0, gt=0, le=86_400, title="Seconds at most")
    max_call_seconds: float = Field(default=120.0, gt=0, le=3600, title="Seconds of one model call at most")
    max_tokens: Whole = Field(default=200_000, ge=1, title="Tokens at most")
    max_cost_usd: float | None = Field(default=None, gt=0, le=1_000_000, title="US dollars at most")
    max_repairs: Whole = Field(default=2, ge=0, le=10, title="Corrections of malformed answers at most")
    max_tool_calls_per_turn: Whole = Field(default=32, ge=1, le=256, title="Tool calls per turn at most")


class Agent(BaseModel):
    """One agent of a graph or of the library.

    `instructions` is a template: `{{ expression }}` is replaced by its value.
    `output_schema` is a JSON Schema; with it the agent answers with data that satisfies it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80)
    model: str = Field(
        min_length=1,
        max_length=200,
        description="As LiteLLM names it, such as openai/gpt-5-mini",
        json_schema_extra={"control": "model"},
    )
    instructions: str = Field(default="", max_length=100_000, json_schema_extra={"control": "template"})
    tools: tuple[str, ...] = ()
    limits: AgentLimits = AgentLimits()
    output_schema: dict[str, Json] | None = Field(default=None, json_schema_extra={"control": "schema"})
    memory: AgentMemory = AgentMemory()
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_output_tokens: Annotated[int, Field(ge=1), FromJson] | None = Field(default=None, title="Longest answer, tokens")
    strategy: Strategy = Field(default=Direct(), title="How it plans")


class LibraryAgent(BaseModel):
    """A reference to an agent of the tenant's library; resolved when a version is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    library: str = Field(min_length=1, max_length=80, description="Slug of the agent in the library")
