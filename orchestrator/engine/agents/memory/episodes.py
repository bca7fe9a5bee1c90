"""One piece of work as it is told afterwards: the task, what was decided and done, how it ended."""

import json
from collections.abc import Iterator
from typing import Final

from orchestrator.engine.effects.model import Message
from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import Json, Path, is_within
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import EffectStatus

KEEPING: Final = "memory"
"""The part of the work in which it is kept. What is asked there is no part of what is told: a replay tells the same."""
_TASK: Final = 1_000
_LINE: Final = 240
_LINES: Final = 20
"""Of decisions and actions; of more, the first and the last are told."""
_OUTCOME: Final = 1_500


def episode(state: RunState, path: Path, agent_id: str, task: str, outcome: Json = None, error: ErrorInfo | None = None) -> str:
    """What an agent did below a path, in words. `error` says why there is no outcome."""
    told = list(_told(state, path, agent_id))
    if len(told) > _LINES:
        half = _LINES // 2
        told = [*told[:half], f"({len(told) - 2 * half} more)", *told[-half:]]
    ended = "It ended with an answer." if error is None else f"It failed ({error.code}): {_cut(error.message, _LINE)}"
    answer = [] if error is not None else [f"Outcome: {_cut(_text(outcome), _OUTCOME)}"]
    return "\n".join([f"Task: {_cut(task, _TASK)}", *(f"- {line}" for line in told), *answer, ended])


def _told(state: RunState, path: Path, agent_id: str) -> Iterator[str]:
    own = f"{path}/{KEEPING}."
    ended = ((name, effect) for name, effect in state.effects.items() if effect.status.ended)
    below = sorted((effect.started_seq, name) for name, effect in ended if is_within(name, path) and not name.startswith(own))
    for _, name in below:
        effect = state.effects[name]
        if effect.kind == "model" and effect.agent == agent_id:
            yield from _decided(effect)
        elif effect.kind == "tool" and effect.agent == agent_id:
            yield _done(effect)
        elif effect.kind == "human":
            yield _answered(effect)


def _decided(effect: EffectState) -> Iterator[str]:
    """What the agent thought before it called a tool."""
    said = effect.result.get("message") if isinstance(effect.result, dict) else None
    if said is None:
        return
    message = Message.model_validate(said)
    words = message.text.strip() or message.reasoning.strip()
    if message.tool_requests and words:
        yield f"Decided: {_cut(words, _LINE)}"


def _done(effect: EffectState) -> str:
    arguments = effect.request.get("arguments") if isinstance(effect.request, dict) else None
    call = f"{effect.name}({_cut(_text(arguments), _LINE // 2)})"
    if effect.status is EffectStatus.SUCCEEDED:
        return f"Did: {call}, which gave {_cut(_text(effect.result), _LINE // 2)}"
    why = effect.error.message if effect.error else effect.gate.reason if effect.gate else ""
    return f"Did not succeed: {call}, {effect.status}{': ' + _cut(why, _LINE // 2) if why else ''}"


def _answered(effect: EffectState) -> str:
    asked = effect.request.get("title") if isinstance(effect.request, dict) else ""
    given = effect.result.get("action") if isinstance(effect.result, dict) else "nothing yet"
    return f"A person was asked: {_cut(str(asked), _LINE // 2)} They said: {_cut(str(given), _LINE // 2)}"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}\u2026"
