"""Anthropic's messages: whole, and as the events of a stream."""

import json
from collections.abc import Iterator
from typing import Any

from tests.model_server.reply import Reply, words_of

USAGE = {"input_tokens": 3, "output_tokens": 4, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}


def whole(model: str, reply: Reply) -> dict[str, Any]:
    return _message(model, reply) | {"content": blocks(reply), "stop_reason": word(reply)}


def blocks(reply: Reply) -> list[dict[str, Any]]:
    return [{"type": "text", "text": reply.text}] if reply.parts is None else reply.parts


def word(reply: Reply) -> Any:
    asked = any(block.get("type") == "tool_use" for block in blocks(reply))
    return reply.finish or ("tool_use" if asked else "end_turn")


def frames(model: str, reply: Reply) -> Iterator[str]:
    """All of a stream that comes before its end."""
    told = {} if reply.usage is False else {"usage": _usage(reply)}
    yield frame({"type": "message_start", "message": _message(model, reply) | {"content": [], "stop_reason": None} | told})
    yield frame({"type": "ping"})
    for index, block in enumerate(blocks(reply)):
        start, deltas = _taken_apart(block)
        yield frame({"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            yield frame({"type": "content_block_delta", "index": index, "delta": delta})
        yield frame({"type": "content_block_stop", "index": index})


def tail(reply: Reply) -> Iterator[str]:
    told = {} if reply.usage is False else {"usage": _usage(reply)}
    yield frame({"type": "message_delta", "delta": {"stop_reason": word(reply), "stop_sequence": None}} | told)
    yield frame({"type": "message_stop"})


def frame(event: dict[str, Any]) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def error(status: int, message: str) -> dict[str, Any]:
    kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}
    return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": message}, "request_id": "req_1"}


def _message(model: str, reply: Reply) -> dict[str, Any]:
    told = {} if reply.usage is False else {"usage": _usage(reply)}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_sequence": None} | told


def _usage(reply: Reply) -> Any:
    return USAGE if reply.usage is True else reply.usage


def _taken_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The block as it begins, and the pieces that it is filled with."""
    match block.get("type"):
        case "text" if isinstance(block["text"], str):
            return block | {"text": ""}, [{"type": "text_delta", "text": word} for word in words_of(block["text"])]
        case "thinking":
            thought = [{"type": "thinking_delta", "thinking": word} for word in words_of(block["thinking"])]
            return block | {"thinking": "", "signature": ""}, [*thought, {"type": "signature_delta", "signature": block["signature"]}]
        case "tool_use":
            written = json.dumps(block["input"])
            pieces = ("", written[: len(written) // 2], written[len(written) // 2 :])
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:
            return block, []
