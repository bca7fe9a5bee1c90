"""What an agent remembers: of the conversation it is in, of earlier work, of how its earlier runs ended."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.form_words import labels
from orchestrator.engine.document.json_numbers import FromJson, Whole

SPACE: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
LOCAL_EMBEDDING: Final = "local/ngrams-256"
"""Compares words and parts of words, not meanings; needs no provider."""

SpaceName = Annotated[str, Field(pattern=SPACE)]
_SCORED: Final = "How well a memory fits is a score from 0 to 1"
_SPACE_HINT: Final = "Small letters, digits and dashes. Agents that name the same one share it"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShortTerm(Settings):
    """How much of a conversation the model is sent. The task, and a tool call with its result, always stay whole."""

    keep: Literal["all", "messages", "tokens"] = Field(
        default="all",
        title="What the model is sent",
        json_schema_extra=labels(all="Everything that was said", messages="The last messages", tokens="What fits into a number of tokens"),
    )
    messages: Whole = Field(
        default=40, ge=2, le=10_000, title="Last messages at most", json_schema_extra={"unit": "messages", "when": {"keep": ["messages"]}}
    )
    tokens: Whole = Field(
        default=16_000,
        ge=100,
        le=10_000_000,
        title="Tokens at most",
        description="Counted as the model counts them, with its instructions",
        json_schema_extra={"unit": "tokens", "when": {"keep": ["tokens"]}},
    )
    overflow: Literal["drop", "summarise"] = Field(
        default="drop",
        title="What no longer fits is",
        json_schema_extra={**labels(drop="left out", summarise="summarised"), "when": {"keep": ["messages", "tokens"]}},
    )
    summary_model: str = Field(
        default="",
        max_length=200,
        title="Model that summarises",
        description="Empty: the agent's own",
        json_schema_extra={"control": "model", "when": {"overflow": ["summarise"]}},
    )


class Retrieval(Settings):
    """Which memories come back. Scores are between 0 and 1.

    similarity: those most like the question. recency: the same, each worth half after every half-life.
    mmr: like the question and unlike each other, by `diversity`.
    """

    model_config = ConfigDict(json_schema_extra={"fold": True})

    strategy: Literal["similarity", "recency", "mmr"] = Field(
        default="similarity",
        title="Chosen by",
        json_schema_extra=labels(
            similarity="Likeness to the task", recency="Likeness, newer ones first", mmr="Likeness, and unlike each other"
        ),
    )
    k: Whole = Field(default=5, ge=1, le=50, title="Memories at most", json_schema_extra={"unit": "memories"})
    min_score: float = Field(default=0.1, ge=0, le=1, title="Least score", description="From 0 to 1: what scores less does not come back")
    half_life_days: float = Field(
        default=30.0,
        gt=0,
        le=36_500,
        title="Half-life in days",
        description="After so long a memory is worth half as much",
        json_schema_extra={"unit": "days", "when": {"strategy": ["recency"]}},
    )
    diversity: float = Field(
        default=0.3,
        ge=0,
        le=1,
        title="Diversity",
        description="0: only what is most alike, 1: only what differs",
        json_schema_extra={"when": {"strategy": ["mmr"]}},
    )


class Retention(Settings):
    """How long memories of a space stay, and how many: the oldest go first. Empty: for ever, all."""

    model_config = ConfigDict(json_schema_extra={"fold": True})

    max_age_days: float | None = Field(
        default=None, gt=0, le=36_500, title="Days at most", json_schema_extra={"unit": "days", "empty": "For ever"}
    )
    max_count: Annotated[int, Field(ge=1, le=1_000_000), FromJson] | None = Field(
        default=None, title="Memories at most", json_schema_extra={"unit": "memories", "empty": "All of them"}
    )


Sensitive = Annotated[
    Literal["ask", "discard", "keep"],
    Field(
        title="What looks sensitive",
        description="Keys, card numbers, addresses and the like",
        json_schema_extra=labels(ask="A person decides", discard="is not kept", keep="is kept"),
    ),
]


class LongTerm(Settings):
    """Memories that outlast the run, in a space that all agents of the tenant share that name it."""

    model_config = ConfigDict(json_schema_extra={"switch": "on"})

    on: bool = Field(default=False, title="Remember across runs")
    space: SpaceName = Field(default="shared", title="Name of the memory", description=_SPACE_HINT)
    write: Literal["none", "tool", "answer"] = Field(
        default="tool",
        title="What is kept",
        json_schema_extra=labels(none="Nothing: it only reads", tool="What the agent decides to keep", answer="Each answer"),
    )
    sensitive: Sensitive = "ask"
    retrieval: Retrieval = Field(default=Retrieval(), title="Which memories come back", description=_SCORED)
    retention: Retention = Field(default=Retention(), title="How long they stay", description="The oldest go first")


class Episodes(Settings):
    """One memory of each piece of work: the task, what was decided and done, how it ended."""

    model_config = ConfigDict(json_schema_extra={"switch": "on"})

    on: bool = Field(default=False, title="Remember how work went")
    space: SpaceName = Field(default="episodes", title="Name of the memory", description=_SPACE_HINT)
    sensitive: Sensitive = "ask"
    retrieval: Retrieval = Field(default=Retrieval(k=3), title="Which episodes come back", description=_SCORED)
    retention: Retention = Field(default=Retention(), title="How long they stay", description="The oldest go first")


class AgentMemory(Settings):
    short_term: ShortTerm = Field(default=ShortTerm(), title="In a conversation")
    long_term: LongTerm = Field(default=LongTerm(), title="Remember across runs")
    episodes: Episodes = Field(default=Episodes(), title="Remember how work went")
    embedding: str = Field(
        default=LOCAL_EMBEDDING,
        min_length=1,
        max_length=200,
        title="Embedding model",
        description="Makes memories comparable; what one model has kept, another does not find. As LiteLLM names it, "
        f"or {LOCAL_EMBEDDING}, which compares words and needs no provider",
        json_schema_extra={
            "examples": [LOCAL_EMBEDDING, "openai/text-embedding-3-small"],
            "when": {"long_term.on": [True], "episodes.on": [True]},
        },
    )
