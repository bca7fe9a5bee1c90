"""Requests in the form of OpenAI's chat completions, which LiteLLM takes as well."""

import json
from typing import Any

from orchestrator.capabilities.language_models.dialects import PLAIN, Dialect, SchemaWay
from orchestrator.capabilities.language_models.parts.shown import NOTHING, Shown
from orchestrator.engine.effects.model import FilePart, Message, ModelRequest, Role
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json


def wire_messages(messages: tuple[Message, ...], shown: Shown = NOTHING) -> list[dict[str, Any]]:
    return [_wire_message(message, shown) for message in messages]


def _wire_message(message: Message, shown: Shown) -> dict[str, Any]:
    if message.role is Role.TOOL:
        return {"role": "tool", "tool_call_id": message.tool_request_id or "", "content": _content(message, shown)}
    if not message.tool_requests:
        return {"role": message.role.value, "content": _content(message, shown)}
    calls = [
        {"id": wish.id, "type": "function", "function": {"name": wish.name, "arguments": wish.arguments}} for wish in message.tool_requests
    ]
    return {"role": message.role.value, "content": message.text or None, "tool_calls": calls}


def _content(message: Message, shown: Shown) -> str | list[dict[str, Any]]:
    """A text, or parts where there are files."""
    if not message.files:
        return message.text
    parts: list[dict[str, Any]] = []
    for part in message.content:
        parts += shown.of(part) if isinstance(part, FilePart) else [{"type": "text", "text": part.text}]
    return parts


def wire_tool(tool: ToolSpec) -> dict[str, Any]:
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}}


def wire_request(request: ModelRequest, *, stream: bool, dialect: Dialect = PLAIN, shown: Shown = NOTHING) -> dict[str, Any]:
    """Everything of the request but the model's name."""
    body: dict[str, Any] = {"messages": wire_messages(request.messages, shown)}
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
    if request.output_schema is not None:
        _ask_for_schema(body, request.output_schema, dialect.schema)
    if request.temperature is not None and dialect.temperature:
        body["temperature"] = request.temperature
    if request.max_output_tokens is not None:
        body[dialect.limit_field] = request.max_output_tokens
    if stream:
        body["stream"] = True
    if stream and dialect.stream_options:
        body["stream_options"] = {"include_usage": True}
    return body


def _ask_for_schema(body: dict[str, Any], schema: dict[str, Json], way: SchemaWay) -> None:
    if way == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        return
    if way == "json_object":
        body["response_format"] = {"type": "json_object"}
    wanted = f"Answer with one JSON value that fits this JSON Schema, and with nothing else: {json.dumps(schema, ensure_ascii=False)}"
    first = body["messages"][0] if body["messages"] else {}
    if first.get("role") == Role.SYSTEM.value:
        body["messages"][0] = {**first, "content": f"{first['content']}\n\n{wanted}"}
    else:
        body["messages"].insert(0, {"role": Role.SYSTEM.value, "content": wanted})
