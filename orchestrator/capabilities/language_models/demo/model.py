"""The demo model behind the engine's port."""

import asyncio
import json
from typing import Final

from orchestrator.capabilities.language_models.demo.answers.drafting import answer
from orchestrator.capabilities.language_models.demo.answers.planning import meant, planned, sampled
from orchestrator.capabilities.language_models.demo.answers.schema_filling import fill
from orchestrator.capabilities.language_models.demo.situation import Situation, situation
from orchestrator.capabilities.language_models.demo.tool_choice import wishes
from orchestrator.capabilities.language_models.parts.looking import looked
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, Usage, text_parts
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, Delta

DEMO_LABEL: Final = "demo model, no LLM"

_WORDS_PER_PIECE: Final = 3
_PAUSES: Final = {"instant": 0.0, "slow": 0.06}
_PAUSE_S: Final = 0.008
"""Between two pieces, so that streaming can be seen; `demo/instant` and `demo/slow` differ."""


class DemoModel:
    """Answers `demo/...` models without any language model. Deterministic."""

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        seen, said = await looked(request, call)
        return await speak(seen, call.on_delta, said)


async def speak(request: ModelRequest, on_delta: Delta, seen: str = "") -> ModelReply:
    """The reply, told piece by piece first. `seen` is what files that were shown look like."""
    reply = respond(request, meant(situation(request)), seen)
    pause = _PAUSES.get(request.model.rpartition("/")[2], _PAUSE_S)
    for piece in pieces(reply.message.text):
        on_delta(piece)
        if pause:
            await asyncio.sleep(pause)
    return reply


def respond(request: ModelRequest, where: Situation, seen: str = "") -> ModelReply:
    """The whole reply: tool wishes first, then data or text; of files what they look like."""
    tools = [
        ToolRequest(id=f"demo-{where.requests_before + index + 1}", name=tool.name, arguments=json.dumps(arguments, ensure_ascii=False))
        for index, (tool, arguments) in enumerate([] if where.settled else wishes(request.tools, where))
    ]
    if tools:
        return _reply(request, Message(role=Role.ASSISTANT, tool_requests=tuple(tools)), finish="tools")
    text = said(request.output_schema, where)
    if request.output_schema is None:
        text = "\n\n".join(filter(None, [seen, text]))
    most = request.max_output_tokens
    if most is not None and tokens(text) > most:
        cut = " ".join(text.split(" ")[: max(1, most * 3 // 4)])
        return _reply(request, Message(role=Role.ASSISTANT, content=text_parts(cut)), finish="length")
    return _reply(request, Message(role=Role.ASSISTANT, content=text_parts(text)), finish="stop")


def said(schema: dict[str, Json] | None, where: Situation) -> str:
    """The answer as text: data where there is a schema."""
    if schema is None:
        thought = sampled(where)
        return answer(where) if thought is None else thought
    plan = planned(schema, where)
    return json.dumps(fill(schema, where) if plan is None else plan, ensure_ascii=False)


def pieces(text: str) -> list[str]:
    """The text in pieces of a few words, as a stream would bring them."""
    said = text.split(" ")
    parts = [" ".join(said[start : start + _WORDS_PER_PIECE]) for start in range(0, len(said), _WORDS_PER_PIECE)]
    return [part + (" " if index < len(parts) - 1 else "") for index, part in enumerate(parts)] if text else []


def tokens(text: str) -> int:
    """About what a language model would count."""
    return -(-len(text.split()) * 4 // 3)


def _reply(request: ModelRequest, message: Message, *, finish: str) -> ModelReply:
    asked = sum(tokens(part.text) for part in request.messages)
    told = tokens(message.text) + sum(tokens(wish.arguments) + 1 for wish in message.tool_requests)
    usage = Usage(input_tokens=asked, output_tokens=told, cost_nano_usd=0, priced=True, estimated=True)
    return ModelReply.model_validate({"message": message, "model": request.model, "finish": finish, "usage": usage, "demo": True})
