"""Requests in the form of OpenAI's chat completions, which LiteLLM takes as well."""

from typing import Any

from orchestrator.engine.effects.model import Message, ModelRequest, Role
from orchestrator.engine.effects.tool import ToolSpec


def wire_messages(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    return [_wire_message(message) for message in messages]


def _wire_message(message: Message) -> dict[str, Any]:
    if message.role is Role.TOOL:
        return {"role": "tool", "tool_call_id": message.tool_request_id or "", "content": message.text}
    if not message.tool_requests:
        return {"role": message.role.value, "content": message.text}
    calls = [
        {"id": wish.id, "type": "function", "function": {"name": wish.name, "arguments": wish.arguments}} for wish in message.tool_requests
    ]
    return {"role": message.role.value, "content": message.text or None, "tool_calls": calls}


def wire_tool(tool: ToolSpec) -> dict[str, Any]:
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}}


def wire_request(request: ModelRequest, *, stream: bool) -> dict[str, Any]:
    """Everything of the request but the model's name and the token limit."""
    body: dict[str, Any] = {"messages": wire_messages(request.messages)}
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
    if request.output_schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": request.output_schema}}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body
