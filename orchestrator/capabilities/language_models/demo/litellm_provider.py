"""The demo model as a custom provider of LiteLLM: `litellm.acompletion(model="demo/assistant", ...)`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from orchestrator.capabilities.language_models.demo.model import pieces, speak
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.effects.tool import ToolSpec


def register(module: Any) -> None:
    """Make `demo/...` known to LiteLLM."""

    class DemoProvider(module.CustomLLM):  # type: ignore[misc]
        def completion(self, *args: Any, **given: Any) -> Any:
            return _filled(given["model_response"], asyncio.run(_asked(given)))

        async def acompletion(self, *args: Any, **given: Any) -> Any:
            return _filled(given["model_response"], await _asked(given))

        def streaming(self, *args: Any, **given: Any) -> Iterator[Any]:
            yield from _chunks(asyncio.run(_asked(given)))

        async def astreaming(self, *args: Any, **given: Any) -> AsyncIterator[Any]:
            for chunk in _chunks(await _asked(given)):
                yield chunk

    others = [entry for entry in module.custom_provider_map if entry["provider"] != "demo"]
    module.custom_provider_map = [*others, {"provider": "demo", "custom_handler": DemoProvider()}]


async def _asked(given: dict[str, Any]) -> ModelReply:
    return await speak(_request(given), lambda _piece: None)


def _request(given: dict[str, Any]) -> ModelRequest:
    """The engine's request from what LiteLLM passes to a custom provider."""
    options = given.get("optional_params") or {}
    wanted = options.get("response_format") or {}
    tools = [tool["function"] for tool in options.get("tools") or ()]
    return ModelRequest(
        model="demo/instant",
        messages=tuple(_message(message) for message in given["messages"]),
        tools=tuple(
            ToolSpec(name=tool["name"], description=tool.get("description", ""), parameters=tool.get("parameters", {})) for tool in tools
        ),
        output_schema=wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None,
        max_output_tokens=options.get("max_tokens"),
    )


def _message(message: dict[str, Any]) -> Message:
    wishes = tuple(
        ToolRequest(id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    )
    said = text_parts(message.get("content") or "")
    return Message(role=Role(message["role"]), content=said, tool_requests=wishes, tool_request_id=message.get("tool_call_id"))


def _calls(reply: ModelReply) -> list[dict[str, Any]]:
    wishes = enumerate(reply.message.tool_requests)
    return [
        {"index": index, "id": wish.id, "type": "function", "function": {"name": wish.name, "arguments": wish.arguments}}
        for index, wish in wishes
    ]


def _finish(reply: ModelReply) -> str:
    return "tool_calls" if reply.finish == "tools" else reply.finish


def _filled(response: Any, reply: ModelReply) -> Any:
    response.model = reply.model
    choice = response.choices[0]
    choice.message.content = reply.message.text or None
    if reply.message.tool_requests:
        choice.message = type(choice.message)(role="assistant", content=None, tool_calls=_calls(reply))
    choice.finish_reason = _finish(reply)
    asked, told = reply.usage.input_tokens, reply.usage.output_tokens
    response.usage.prompt_tokens, response.usage.completion_tokens, response.usage.total_tokens = asked, told, asked + told
    return response


def _chunks(reply: ModelReply) -> Iterator[dict[str, Any]]:
    """LiteLLM's generic streaming chunks."""
    usage = {
        "prompt_tokens": reply.usage.input_tokens,
        "completion_tokens": reply.usage.output_tokens,
        "total_tokens": reply.usage.input_tokens + reply.usage.output_tokens,
    }
    plain = {"finish_reason": "", "index": 0, "is_finished": False, "text": "", "tool_use": None, "usage": None}
    for piece in pieces(reply.message.text):
        yield plain | {"text": piece}
    for call in _calls(reply):
        yield plain | {"tool_use": call}
    yield plain | {"finish_reason": _finish(reply), "is_finished": True, "usage": usage}
