"""How an agent plans its work: one field of the agent, one form for each way."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.form_words import labels
from orchestrator.engine.document.json_numbers import Whole

MOST_STEPS = 100
MOST_THOUGHTS = 2_000


class _Strategy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"required": ["type"]})


class Direct(_Strategy):
    """Ask, use tools, answer."""

    model_config = ConfigDict(title="No plan")

    type: Literal["direct"] = "direct"


class ReAct(_Strategy):
    """Say why before each action (Yao et al. 2022, arXiv:2210.03629)."""

    model_config = ConfigDict(title="Think before each action")

    type: Literal["react"] = "react"


class PlanAndExecute(_Strategy):
    """Make a plan, do its steps one by one, and look at the plan again after each (Wang et al. 2023, arXiv:2305.04091)."""

    model_config = ConfigDict(title="Plan, then do the steps")

    type: Literal["plan_and_execute"] = "plan_and_execute"
    max_steps: Whole = Field(
        default=8, ge=1, le=MOST_STEPS, title="Steps at most", description="All that are done, after every change of plan"
    )
    replan: bool = Field(default=True, title="Look at the plan after each step", description="One more model call each time")
    review: Literal["never", "first", "each"] = Field(
        default="never",
        title="A person looks at the plan",
        description="And may change it",
        json_schema_extra=labels(never="Never", first="Before the first step", each="Before each step"),
    )


class TreeOfThoughts(_Strategy):
    """Think of several ways on, judge them, go on from the best (Yao et al. 2023, arXiv:2305.10601).

    `breadth` is b of the paper, `depth` its T, `thoughts` its k; `judgements` are how often each thought is judged,
    or how many votes are taken. Judged by value a thought is sure, likely or impossible; `prune_below` is on that scale from 0 to 1.
    """

    model_config = ConfigDict(title="Tree of thoughts")

    type: Literal["tree_of_thoughts"] = "tree_of_thoughts"
    search: Literal["breadth_first", "depth_first"] = Field(
        default="breadth_first",
        title="Search",
        description="All thoughts of a depth, then the best of them; or one line to its end, and back",
    )
    depth: Whole = Field(default=3, ge=1, le=20, title="Depth", description="Thoughts from the task to an answer")
    breadth: Whole = Field(default=3, ge=1, le=20, title="Breadth", description="Thoughts kept at each depth")
    thoughts: Whole = Field(default=4, ge=1, le=20, title="Thoughts from each", description="New thoughts at each place of the tree")
    generate: Literal["propose", "sample"] = Field(
        default="propose",
        title="New thoughts",
        json_schema_extra=labels(propose="Proposed together in one call", sample="Sampled one by one"),
    )
    evaluate: Literal["value", "vote"] = Field(
        default="value", title="Judged by", json_schema_extra=labels(value="A value for each", vote="Votes between all")
    )
    judgements: Whole = Field(default=1, ge=1, le=10, title="Judgements", description="For each thought, or votes for each choice")
    prune_below: float = Field(
        default=0.01,
        ge=0,
        le=1,
        title="Drop below",
        description="A value from 0 to 1: a line of less worth is left",
        json_schema_extra={"when": {"search": ["depth_first"]}},
    )
    max_thoughts: Whole = Field(default=100, ge=1, le=MOST_THOUGHTS, title="Thoughts at most", description="Of the whole tree")
    propose_prompt: str = Field(
        default="", max_length=20_000, title="How to think on", description="What is asked for new thoughts; empty for the usual words"
    )
    value_prompt: str = Field(
        default="", max_length=20_000, title="How to judge", description="What is asked about a thought; empty for the usual words"
    )


class Reflection(_Strategy):
    """Answer, criticise the answer, try again with what was learnt (Shinn et al. 2023, arXiv:2303.11366)."""

    model_config = ConfigDict(title="Answer, criticise, try again")

    type: Literal["reflection"] = "reflection"
    max_rounds: Whole = Field(default=3, ge=1, le=20, title="Answers at most", description="When none is good enough the best one stands")
    criteria: str = Field(default="", max_length=20_000, title="What a good answer is", description="Empty: whatever the task asks for")
    enough: float = Field(default=0.9, ge=0, le=1, title="Good enough", description="The score from 0 to 1 at which it stops")


Strategy = Annotated[Direct | ReAct | PlanAndExecute | TreeOfThoughts | Reflection, Field(discriminator="type")]
