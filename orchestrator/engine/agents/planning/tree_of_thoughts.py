"""Several ways on, judged, and the best followed (Yao et al. 2023, arXiv:2305.10601): breadth first, or depth first with a way back.

A thought is valued as the paper values it: sure counts 20, likely 1, impossible 0.001, summed over the judgements; here over what
all of them being sure would give. A vote counts the share of the votes. Limits end the search, not the work: the best thought
so far is answered from.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from orchestrator.engine.agents.answer import Answer, BadReply
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.planning.judging import judged
from orchestrator.engine.agents.planning.tree import Thought, listed
from orchestrator.engine.agents.turns import Schema, Turns
from orchestrator.engine.document.agents.strategy import TreeOfThoughts
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev


async def solve(turns: Turns, task: Conversation, schema: Schema, strategy: TreeOfThoughts) -> Answer:
    search = _Search(turns, task, strategy)
    best = await (search.breadth_first() if strategy.search == "breadth_first" else search.depth_first())
    if best.text == "":
        raise BadReply(f"{turns.agent.name}: no thought came out of the task", cure="Say in its instructions what one step of thinking is.")
    return await turns.at("answer").converse(task.asked(_ANSWER.format(thoughts=listed(best))), schema)


@dataclass(slots=True)
class _Search:
    turns: Turns
    task: Conversation
    strategy: TreeOfThoughts
    thoughts: int = 0
    stopped: bool = False
    root: Thought = field(default_factory=Thought)

    async def breadth_first(self) -> Thought:
        """Keep the best thoughts of each depth. The best of the last depth that was reached."""
        kept = [self.root]
        for depth in range(1, self.strategy.depth + 1):
            found = await self._grown(self.turns.at(f"depth.{depth}"), kept)
            if not found:
                break
            ranked = sorted(found, key=lambda thought: -thought.value)
            self._note(found, ranked[: self.strategy.breadth])
            kept = ranked[: self.strategy.breadth]
        return kept[0]

    async def depth_first(self) -> Thought:
        """Follow the best thought that is not too bad, and go back when none is. The first at full depth, else the deepest and best.

        Where every first step is too bad, the best of them all the same: a poor way is more than none, and the log says so.
        """
        best, waiting, number, least_bad = self.root, [self.root], 0, self.root
        while waiting:
            at = waiting.pop()
            if at.depth == self.strategy.depth:
                return at
            if (at.depth, at.value) > (best.depth, best.value):
                best = at
            number += 1
            found = await self._grown(self.turns.at(f"visit.{number}"), [at])
            ranked = sorted(found, key=lambda thought: -thought.value)
            if at is self.root and ranked:
                least_bad = ranked[0]
            good = [thought for thought in ranked if self.stopped or thought.value >= self.strategy.prune_below][: self.strategy.breadth]
            self._note(found, good)
            waiting += reversed(good)
            if self.stopped:
                return max([best, *good], key=lambda thought: (thought.depth, thought.value))
        if best is self.root and least_bad is not self.root:
            self.turns.decide("search", "the least bad", f"Every first step is worth less than {self.strategy.prune_below:g}")
            return least_bad
        return best

    async def _grown(self, turns: Turns, parents: list[Thought]) -> list[Thought]:
        """New thoughts below each parent, judged; none when the limits do not leave room for more."""
        generating = len(parents) * (1 if self.strategy.generate == "propose" else self.strategy.thoughts)
        if not self._room(generating, len(parents)):
            return []
        lines = await turns.side_by_side([partial(self._new, parent) for parent in parents], "from")
        found = [thought for line in lines for thought in line]
        self.thoughts += len(found)
        judging = self.strategy.judgements * (len(found) if self.strategy.evaluate == "value" else 1)
        if not found or not self._room(judging, 0):
            return found
        for thought, value in zip(found, await judged(turns, self.task, found, self.strategy), strict=True):
            thought.value = value
        return found

    def _room(self, calls: int, parents: int) -> bool:
        """Whether so many model calls and the answer fit, and so many more parents' thoughts. What does not fit ends the search."""
        left = self.turns.agent.limits.max_iterations - self.turns.spending.calls - 1
        fits = calls <= left and self.thoughts + parents <= self.strategy.max_thoughts
        if not fits and not self.stopped:
            self.stopped = True
            why = f"{self.thoughts} thoughts, {max(0, left)} model calls left: the best so far is answered from"
            self.turns.decide("search", "stop", why)
        return fits

    async def _new(self, parent: Thought, turns: Turns) -> list[Thought]:
        """The thoughts that come to the agent at one place of the tree. An answer that cannot be used gives none."""
        texts: list[str] = []
        if self.strategy.generate == "propose":
            texts = await self._proposed(parent, turns)
        else:
            samples = [partial(self._sampled, parent)] * self.strategy.thoughts
            texts = [text for text in await turns.side_by_side(samples, "sample") if text]
        different = list(dict.fromkeys(text.strip() for text in texts if text.strip()))[: self.strategy.thoughts]
        return [parent.then(number, text) for number, text in enumerate(different, 1)]

    async def _proposed(self, parent: Thought, turns: Turns) -> list[str]:
        words = self.strategy.propose_prompt or _PROPOSE.format(most=self.strategy.thoughts)
        try:
            found = (await turns.converse(self.task.asked(f"{words}\n\n{listed(parent)}"), _PROPOSALS, tools={})).value
        except BadReply:
            return []
        thoughts = found.get("thoughts") if isinstance(found, dict) else None
        return [str(thought) for thought in thoughts] if isinstance(thoughts, list) else []

    async def _sampled(self, parent: Thought, turns: Turns) -> str:
        words = self.strategy.propose_prompt or _SAMPLE
        try:
            return str((await turns.converse(self.task.asked(f"{words}\n\n{listed(parent)}"), None, tools={})).value)
        except BadReply:
            return ""

    def _note(self, found: list[Thought], kept: list[Thought]) -> None:
        for thought in found:
            self.turns.note(
                lambda path, agent, thought=thought: ev.Considered(  # type: ignore[misc]  # a default is how a lambda keeps its value
                    path=path,
                    agent=agent,
                    thought=thought.place,
                    parent=thought.parent.place if thought.parent else "",
                    text=thought.text,
                    value=thought.value,
                    kept=thought in kept,
                )
            )


_PROPOSALS: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {"thoughts": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 10_000}}},
    "required": ["thoughts"],
    "additionalProperties": False,
}
"""However many came to it: those beyond what is asked for are left out, which needs no correction."""
_PROPOSE: Final = (
    "Do not solve the task at once. Name up to {most} different possible next steps of thinking, each one step only, "
    "going on from the thoughts so far."
)
_SAMPLE: Final = "Do not solve the task at once. Give one possible next step of thinking, going on from the thoughts so far."
_ANSWER: Final = "Answer the task now. Follow these thoughts, which were judged the best:\n{thoughts}"
