"""What an agent remembers: of the conversation it is in, of earlier work, of how its earlier runs ended."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.json_numbers import FromJson, Whole

SPACE: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
LOCAL_EMBEDDING: Final = "local/ngrams-256"
"""Compares words and parts of words, not meanings; needs no provider."""

SpaceName = Annotated[str, Field(pattern=SPACE)]


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShortTerm(Settings):
    """How much of a conversation the model is sent. The task, and a tool call with its result, always stay whole."""

    keep: Literal["all", "messages", "tokens"] = Field(default="all", title="What the model is sent")
    messages: Whole = Field(default=40, ge=2, le=10_000, title="Last messages at most")
    tokens: Whole = Field(default=16_000, ge=100, le=10_000_000, title="Tokens at most")
    overflow: Literal["drop", "summarise"] = Field(default="drop", title="What no longer fits is")
    summary_model: str = Field(default="", max_length=200, title="Model that summarises", description="Empty: the agent's own")


class Retrieval(Settings):
    """Which memories come back. Scores are between 0 and 1.

    similarity: those most like the question. recency: the same, each worth half after every half-life.
    mmr: like the question and unlike each other, by `diversity`.
    """

    strategy: Literal["similarity", "recency", "mmr"] = Field(default="similarity", title="Chosen by")
    k: Whole = Field(default=5, ge=1, le=50, title="Memories at most")
    min_score: float = Field(default=0.1, ge=0, le=1, title="Least score")
    half_life_days: float = Field(default=30.0, gt=0, le=36_500, title="Half-life in days")
    diversity: float = Field(default=0.3, ge=0, le=1, title="Diversity", description="0: only what is most alike, 1: only what differs")


class Retention(Settings):
    """How long memories of a space stay, and how many: the oldest go first. Empty: for ever, all."""

    max_age_days: float | None = Field(default=None, gt=0, le=36_500, title="Days at most")
    max_count: Annotated[int, Field(ge=1, le=1_000_000), FromJson] | None = Field(default=None, title="Memories at most")


class LongTerm(Settings):
    """Memories that outlast the run, in a space that all agents of the tenant share that name it."""

    on: bool = Field(default=False, title="Remember across runs")
    space: SpaceName = Field(default="shared", title="Name of the memory")
    retrieval: Retrieval = Retrieval()
    write: Literal["none", "tool", "answer"] = Field(
        default="tool", title="What is kept", description="none: it only reads. tool: what the agent decides to keep. answer: each answer"
    )
    retention: Retention = Retention()
    sensitive: Literal["ask", "discard", "keep"] = Field(default="ask", title="What looks sensitive", description="ask: a person decides")


class Episodes(Settings):
    """One memory of each piece of work: the task, what was decided and done, how it ended."""

    on: bool = Field(default=False, title="Remember how work went")
    space: SpaceName = Field(default="episodes", title="Name of the memory")
    retrieval: Retrieval = Retrieval(k=3)
    retention: Retention = Retention()
    sensitive: Literal["ask", "discard", "keep"] = Field(default="ask", title="What looks sensitive")


class AgentMemory(Settings):
    short_term: ShortTerm = ShortTerm()
    long_term: LongTerm = LongTerm()
    episodes: Episodes = Episodes()
    embedding: str = Field(
        default=LOCAL_EMBEDDING,
        min_length=1,
        max_length=200,
        title="Embedding model",
        description="As LiteLLM names it, or local/ngrams-256",
    )
