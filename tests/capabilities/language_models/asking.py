"""Short ways to ask a model."""

from functools import cache
from typing import Any

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.language_models.litellm_model import LOADING, LiteLLMModel
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ports import CallContext, LanguageModel
from orchestrator.engine.testing import call_context
from tests.model_server import ModelServer

LOOKUP = ToolSpec(
    name="lookup",
    description="Look an order up",
    parameters={"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
)


@cache
def egress_to(port: int) -> Egress:
    """Kept for as long as the tests run: one that is collected while its loop goes on has left its connections open."""
    return Egress(private_hosts=[f"127.0.0.1:{port}"])


class ByLiteLLM:
    """Asks through LiteLLM, at a server that speaks the provider's protocol, whatever provider the model names."""

    def __init__(self, server: ModelServer, key: str, provider: str = "deepseek", *, stream: bool = True) -> None:
        egress = egress_to(server.port)
        base = {"anthropic": server.url, "gemini": f"{server.url}/v1beta"}.get(provider, server.base)
        self._provider = provider
        self._inner = LiteLLMModel(key=key, base=base, egress=egress, stream=stream)

    async def complete(self, wish: ModelRequest, call: CallContext) -> ModelReply:
        return await self._inner.complete(wish.model_copy(update={"model": f"{self._provider}/{wish.model.partition('/')[2]}"}), call)


def request(model: str, text: str = "Say something", system: str = "", **more: Any) -> ModelRequest:
    messages = [Message(role=Role.USER, content=text_parts(text))]
    if system:
        messages.insert(0, Message(role=Role.SYSTEM, content=text_parts(system)))
    return ModelRequest(model=model, messages=tuple(messages), **more)


async def ask(model: LanguageModel, wish: ModelRequest) -> tuple[ModelReply, list[str]]:
    """The reply and the pieces that were streamed, but for what is told while the library is loaded."""
    heard: list[str] = []
    reply = await model.complete(wish, call_context(heard.append))
    return reply, heard[2:] if heard[:2] == [LOADING, RESTART] else heard
