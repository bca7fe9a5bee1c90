"""Answers of Anthropic and Gemini made as they should be, where LiteLLM would throw a good one away."""

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.engine.effects.model import MOST_TOKENS


def mended(said: dict[str, Any]) -> dict[str, Any]:
    """The answer, or one piece of its stream, with counts that are numbers of tokens and with calls that have arguments."""
    whole = dict(said)
    if "usageMetadata" in said or "candidates" in said or "promptFeedback" in said:
        whole["usageMetadata"] = _counts(said.get("usageMetadata"))
    if "usage" in said or said.get("type") == "message":
        whole["usage"] = _counts(said.get("usage")) or (None if "choices" in said else {})
    if isinstance(message := said.get("message"), dict) and "usage" in message:
        whole["message"] = message | {"usage": _counts(message["usage"])}
    for call in _calls(said.get("candidates")):
        call["args"] = _arguments(call.get("args"))
    return whole


def _counts(told: object) -> dict[str, Any]:
    """What numbers of tokens are told, by their names; what is told in any other form, such as by kinds of media, is not needed."""
    if not isinstance(told, dict):
        return {}
    return _numbers(told) | {name: _numbers(inner) for name, inner in told.items() if isinstance(inner, dict)}


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    return {name: count for name, count in told.items() if type(count) is int and 0 <= count <= MOST_TOKENS}


def _calls(candidates: object) -> Iterator[dict[str, Any]]:
    for candidate in candidates if isinstance(candidates, list) else ():
        content = candidate.get("content") if isinstance(candidate, dict) else None
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else ():
            call = part.get("functionCall") if isinstance(part, dict) else None
            if isinstance(call, dict):
                yield call


def _arguments(given: object) -> object:
    """Gemini leaves them out of calls that need none."""
    if not isinstance(given, str):
        return {} if given is None else given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given
