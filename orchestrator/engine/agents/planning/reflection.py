"""Answer, criticise the answer, try again with what was learnt (Shinn et al. 2023, arXiv:2303.11366)."""

import json
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.agents.answer import Answer
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.turns import Schema, Turns
from orchestrator.engine.document.agents.strategy import Reflection
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev

_SHOWN: Final = 20_000
"""Characters of an answer that are criticised."""


@dataclass(frozen=True, slots=True)
class _Critique:
    good: bool
    score: float
    critique: str
    lesson: str


async def solve(turns: Turns, task: Conversation, schema: Schema, strategy: Reflection) -> Answer:
    """The first answer that is good enough; the best one, when none is or the agent only repeats itself."""
    lessons: list[str] = []
    best: tuple[float, Answer] | None = None
    before: Json = None
    for number in range(1, strategy.max_rounds + 1):
        asked = task.asked(_AGAIN.format(lessons="\n".join(f"- {lesson}" for lesson in lessons))) if lessons else task
        answer = await turns.at(f"attempt.{number}").converse(asked, schema)
        if number > 1 and answer.value == before:
            turns.decide("reflection", "stop", "The answer did not change")
            break
        before = answer.value
        seen = await _criticised(turns.at(f"critique.{number}"), task, answer, strategy)
        _note(turns, number, seen)
        if best is None or seen.score >= best[0]:
            best = (seen.score, answer)
        if seen.good or seen.score >= strategy.enough:
            return answer
        lessons.append(seen.lesson or seen.critique)
    else:
        turns.decide("reflection", "stop", f"No answer was good enough in {strategy.max_rounds} rounds: the best is taken")
    assert best is not None
    return best[1]


async def _criticised(turns: Turns, task: Conversation, answer: Answer, strategy: Reflection) -> _Critique:
    shown = answer.value if isinstance(answer.value, str) else json.dumps(answer.value, ensure_ascii=False)
    criteria = strategy.criteria or "It does what the task asks for, completely and correctly, and claims nothing that is not known."
    asked = task.asked(_CRITICISE.format(answer=shown[:_SHOWN], criteria=criteria))
    seen = (await turns.converse(asked, _SCHEMA, tools={})).value
    assert isinstance(seen, dict)
    score = seen["score"]
    assert isinstance(score, int | float)
    return _Critique(seen["good"] is True, float(score), str(seen["critique"]), str(seen["lesson"]))


def _note(turns: Turns, number: int, seen: _Critique) -> None:
    turns.note(
        lambda path, agent: ev.Reflected(
            path=path, agent=agent, round=number, good=seen.good, score=seen.score, critique=seen.critique, lesson=seen.lesson
        )
    )


_SCHEMA: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {
        "critique": {"type": "string", "description": "What is right and what is wrong with the answer"},
        "good": {"type": "boolean", "description": "Whether it can be given as it is"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "lesson": {"type": "string", "description": "What to do differently next time; empty when nothing"},
    },
    "required": ["critique", "good", "score", "lesson"],
    "additionalProperties": False,
}
_CRITICISE: Final = (
    "This answer to the task was given:\n---\n{answer}\n---\nCriticise it, as strictly as somebody who has to rely on it. "
    "A good answer: {criteria}\nDo not answer the task yourself."
)
_AGAIN: Final = "Earlier answers were not good enough. What was learnt from them:\n{lessons}\nAnswer the task again, better."
