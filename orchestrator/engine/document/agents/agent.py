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

    max_iterations: Whole = Field(
        default=50, ge=1, le=5_000, title="Model calls at most", description="Of one piece of work", json_schema_extra={"unit": "calls"}
    )
    max_seconds: float = Field(
        default=300.0,
        gt=0,
        le=86_400,
        title="Seconds at most",
        description="Of one piece of work; waiting for people does not count",
        json_schema_extra={"unit": "s"},
    )
    max_call_seconds: float = Field(
        default=120.0, gt=0, le=3600, title="Seconds of one model call at most", json_schema_extra={"unit": "s"}
    )
    max_tokens: Whole = Field(
        default=200_000, ge=1, title="Tokens at most", description="In and out, of all calls together", json_schema_extra={"unit": "tokens"}
    )
    max_cost_usd: float | None = Field(
        default=None,
        gt=0,
        le=1_000_000,
        title="US dollars at most",
        description="Calls of models without a known price do not count",
        json_schema_extra={"unit": "US$", "empty": "No limit"},
    )
    max_repairs: Whole = Field(
        default=2,
        ge=0,
        le=10,
        title="Corrections of malformed answers at most",
        description="How often the model is told what was wrong",
        json_schema_extra={"unit": "corrections"},
    )
    max_tool_calls_per_turn: Whole = Field(
        default=32, ge=1, le=256, title="Tool calls per turn at most", json_schema_extra={"unit": "calls"}
    )


class Agent(BaseModel):
    """One agent of a graph or of the library.

    `instructions` is a template: `{{ expression }}` is replaced by its value.
    `output_schema` is a JSON Schema; with it the agent answers with data that satisfies it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, title="Name", description="People and other agents know it by this name")
    model: str = Field(
        min_length=1,
        max_length=200,
        title="Model",
        description="As LiteLLM names it, such as openai/gpt-5-mini",
        json_schema_extra={"control": "model"},
    )
    instructions: str = Field(
        default="",
        max_length=100_000,
        title="Instructions",
        description="Who it is and how it works. Text in {{ … }} is replaced by the value of the expression",
        json_schema_extra={"control": "template"},
    )
    tools: tuple[str, ...] = Field(default=(), title="Tools", description="What it may ask for")
    limits: AgentLimits = Field(default=AgentLimits(), title="Limits")
    output_schema: dict[str, Json] | None = Field(
        default=None, title="Shape of its answer", description="Empty: it answers with text", json_schema_extra={"control": "schema"}
    )
    memory: AgentMemory = Field(default=AgentMemory(), title="Memory")
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        title="Temperature",
        description="0: the likeliest words, 2: the most varied",
        json_schema_extra={"empty": "The model's own"},
    )
    max_output_tokens: Annotated[int, Field(ge=1), FromJson] | None = Field(
        default=None,
        title="Longest answer, tokens",
        description="A longer one is cut off, which counts as malformed",
        json_schema_extra={"unit": "tokens", "empty": "The model's own"},
    )
    strategy: Strategy = Field(default=Direct(), title="How it plans")


class LibraryAgent(BaseModel):
    """A reference to an agent of the tenant's library; resolved when a version is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    library: str = Field(min_length=1, max_length=80, description="Slug of the agent in the library")
