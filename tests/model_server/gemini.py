"""Gemini's answers: whole, and as the responses of a stream."""

import json
from collections.abc import Iterator
from typing import Any

from tests.model_server.reply import Reply, words_of

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}
_STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


def whole(model: str, reply: Reply) -> dict[str, Any]:
    return _response(model, reply, _parts(reply), reply.finish or "STOP")


def frames(model: str, reply: Reply) -> Iterator[str]:
    """All of a stream that comes before its end; the end has the last part with it."""
    for part in _taken_apart(reply)[:-1]:
        yield frame(_response(model, reply, [part]))


def tail(model: str, reply: Reply) -> Iterator[str]:
    if reply.fault == "no_finish":
        yield frame(_response(model, reply, _taken_apart(reply)[-1:]))
    else:
        yield frame(_response(model, reply, _taken_apart(reply)[-1:], reply.finish or "STOP"))


def frame(response: dict[str, Any]) -> str:
    return f"data: {json.dumps(response)}\r\n\r\n"


def error(status: int, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"code": status, "message": message, "status": _STATUSES.get(status, "UNAVAILABLE")}
    return {"error": told | ({"details": list(details)} if details else {})}


def _parts(reply: Reply) -> list[dict[str, Any]]:
    return [{"text": reply.text}] if reply.parts is None else reply.parts


def _taken_apart(reply: Reply) -> list[dict[str, Any]]:
    """Calls come whole, text comes in pieces."""
    pieces: list[dict[str, Any]] = []
    for part in _parts(reply):
        text = part.get("text")
        pieces += [part | {"text": word} for word in words_of(text)] if isinstance(text, str) else [part]
    return pieces


def _response(model: str, reply: Reply, parts: list[dict[str, Any]], finish: Any = None) -> dict[str, Any]:
    content = {"content": {"parts": parts, "role": "model"}} if parts else {}
    candidate = {**content, "index": 0} | ({"finishReason": finish} if finish else {})
    told = {} if reply.usage is False else {"usageMetadata": USAGE if reply.usage is True else reply.usage}
    return {"candidates": [candidate], "modelVersion": model, "responseId": "r-1"} | told
