"""Short ways to ask a model."""

from typing import Any

from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ports import LanguageModel
from orchestrator.engine.testing import call_context

LOOKUP = ToolSpec(
    name="lookup",
    description="Look an order up",
    parameters={"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
)


def request(model: str, text: str = "Say something", system: str = "", **more: Any) -> ModelRequest:
    messages = [Message(role=Role.USER, content=text_parts(text))]
    if system:
        messages.insert(0, Message(role=Role.SYSTEM, content=text_parts(system)))
    return ModelRequest(model=model, messages=tuple(messages), **more)


async def ask(model: LanguageModel, wish: ModelRequest) -> tuple[ModelReply, list[str]]:
    """The reply and the pieces that were streamed."""
    heard: list[str] = []
    return await model.complete(wish, call_context(heard.append)), heard
