"""Processor time per model call: both adapters, beside bare aiohttp and bare LiteLLM.

The server runs in a process of its own, so that only the caller's time is counted.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.scratch import model_server
from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.litellm_model import LiteLLMModel, litellm
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.engine.effects.model import Message, ModelRequest, Role, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ports import LanguageModel
from orchestrator.engine.testing import call_context

KEY = "sk-benchmark"
BY_LIBRARY = "deepseek/"
"""Speaks OpenAI's form, by a client of LiteLLM that can be given our way out."""
CALL = call_context()
TOOL = ToolSpec(name="lookup", description="Look up", parameters={"type": "object", "properties": {"id": {"type": "string"}}})


def wish(model: str, *, tools: bool = False) -> ModelRequest:
    system, asked = text_parts("Be brief. " * 40), text_parts("Where is my order? " * 20)
    messages = (Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=asked))
    return ModelRequest(model=model, messages=messages, tools=(TOOL,) if tools else ())


async def processor_ms(call: Callable[[], Awaitable[object]], times: int) -> float:
    """Processor time of one call: the median of five rounds."""
    for _ in range(5):
        await call()
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times // 5):
            await call()
        rounds.append((time.process_time() - began) / (times // 5) * 1000)
    return statistics.median(rounds)


async def bare_litellm(base: str, *, stream: bool) -> Callable[[], Awaitable[object]]:
    module = litellm()
    messages = [{"role": message.role.value, "content": message.text} for message in wish("x").messages]

    async def call() -> object:
        model = "openai/chunks-20" if stream else "openai/gpt-x"
        usage = {"stream_options": {"include_usage": True}} if stream else {}
        answer = await module.acompletion(model=model, messages=messages, api_key=KEY, api_base=base, stream=stream, **usage)
        if stream:
            async for _chunk in answer:
                pass
        return answer

    return call


async def floor_of(base: str, times: int) -> float:
    """Milliseconds of a call by aiohttp alone."""
    body = json.dumps({"model": "gpt-x", "messages": [{"role": "user", "content": "x" * 800}]}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:

        async def by_aiohttp() -> object:
            async with session.post(f"{base}/chat/completions", data=body, headers=headers) as response:
                return json.loads(await response.read())

        return await processor_ms(by_aiohttp, times)


async def adapters(base: str, times: int) -> list[Figure]:
    egress = Egress(private_hosts=[base.split("/")[2]])

    def call(model: LanguageModel, name: str, *, tools: bool = False) -> Callable[[], Awaitable[object]]:
        return lambda: model.complete(wish(name, tools=tools), CALL)

    floor = await floor_of(base, times)
    figures = []
    for stream in (False, True):
        what, name, goal = ("stream of 20 chunks", "openai/chunks-20", 3.0) if stream else ("model call", "openai/gpt-x", 1.5)
        wire = OpenAIWire(base=base, key=KEY, egress=egress, stream=stream)
        through = LiteLLMModel(key=KEY, base=base, egress=egress, stream=stream)
        peer = await processor_ms(await bare_litellm(base, stream=stream), times // 2)
        contenders = {
            what: (call(wire, name), goal),
            f"{what}, with tools": (call(wire, name, tools=True), goal),
            f"{what}, through LiteLLM": (call(through, f"{BY_LIBRARY}{name.partition('/')[2]}"), None),
        }
        for title, (once, wanted) in contenders.items():
            ours = await processor_ms(once, times // 2)
            figures.append(Figure(f"processor time of a {title}", "ms", ours, wanted, None if stream else floor, {"bare LiteLLM": peer}))
    demo = await processor_ms(call(DemoModel(), "demo/instant"), times)
    await egress.aclose()
    return [*figures, Figure("processor time of a call of the demo model", "ms", demo)]


def measure(*, quick: bool) -> list[Figure]:
    with model_server() as base:
        return asyncio.run(adapters(base, 50 if quick else 200))
