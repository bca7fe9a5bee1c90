"""How good thoughts are, in the eyes of the agent itself: each on its own, or all beside each other."""

from functools import partial
from typing import Final

from orchestrator.engine.agents.answer import BadReply
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.planning.tree import Thought, listed
from orchestrator.engine.agents.turns import Turns
from orchestrator.engine.document.agents.strategy import TreeOfThoughts
from orchestrator.engine.ids import Json

WEIGHTS: Final = {"sure": 20.0, "likely": 1.0, "impossible": 0.001}
"""Of the paper's own experiments (Yao et al. 2023, section 4.1 and its code)."""


async def judged(turns: Turns, task: Conversation, thoughts: list[Thought], strategy: TreeOfThoughts) -> list[float]:
    """The value of each thought, from 0 to 1. A judgement that cannot be used counts for nothing."""
    if strategy.evaluate == "vote":
        ballots = [partial(_vote, task, thoughts, strategy)] * strategy.judgements
        votes = await turns.side_by_side(ballots, "vote")
        return [votes.count(number) / strategy.judgements for number in range(1, len(thoughts) + 1)]
    looks = [partial(_value, task, thought, strategy) for thought in thoughts for _ in range(strategy.judgements)]
    values = await turns.side_by_side(looks, "value")
    each = strategy.judgements
    return [sum(values[start : start + each]) / (WEIGHTS["sure"] * each) for start in range(0, len(values), each)]


async def _value(task: Conversation, thought: Thought, strategy: TreeOfThoughts, turns: Turns) -> float:
    words = strategy.value_prompt or _VALUE
    try:
        found = (await turns.converse(task.asked(f"{words}\n\n{listed(thought)}"), _VALUES, tools={})).value
    except BadReply:
        return 0.0
    assert isinstance(found, dict)
    return WEIGHTS[str(found["value"])]


async def _vote(task: Conversation, thoughts: list[Thought], strategy: TreeOfThoughts, turns: Turns) -> int:
    """The number of the thought that was chosen, counted from 1; 0 for none."""
    words = strategy.value_prompt or _VOTE
    choices = "\n\n".join(f"Choice {number}\n{listed(thought)}" for number, thought in enumerate(thoughts, 1))
    try:
        found = (await turns.converse(task.asked(f"{words}\n\n{choices}"), _choice(len(thoughts)), tools={})).value
    except BadReply:
        return 0
    assert isinstance(found, dict) and isinstance(found["choice"], int | float)
    return int(found["choice"])


def _choice(most: int) -> dict[str, Json]:
    choice: Json = {"type": "integer", "minimum": 1, "maximum": most}
    return {
        "type": "object",
        "properties": {"why": {"type": "string"}, "choice": choice},
        "required": ["why", "choice"],
        "additionalProperties": False,
    }


_VALUES: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {"why": {"type": "string"}, "value": {"type": "string", "enum": list(WEIGHTS)}},
    "required": ["why", "value"],
    "additionalProperties": False,
}
_VALUE: Final = "Do not solve the task. Judge whether these thoughts can still lead to its answer: sure, likely or impossible."
_VOTE: Final = "Do not solve the task. Compare these choices of how to think on, and choose the most promising one."
