"""Processor time per model call: bare LiteLLM, both adapters, and the bare HTTP clients, against a local server.

`python -m benchmarks.model_call` prints JSON. The server runs in a process of its own, so that only
the caller's time is counted.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx

from orchestrator.engine.host import LanguageModel
from orchestrator.engine.model import Message, ModelRequest, Role
from orchestrator.engine.tool import ToolSpec
from runs.egress import Egress
from runs.language_models.demo import DemoModel
from runs.language_models.litellm_model import LiteLLMModel, litellm
from runs.language_models.openai_wire import OpenAIWire

KEY = "sk-benchmark"
TOOL = ToolSpec(name="lookup", description="Look up", parameters={"type": "object", "properties": {"id": {"type": "string"}}})


def ignore(_piece: str) -> None:
    """Nobody listens."""


def wish(model: str, *, tools: bool = False) -> ModelRequest:
    messages = (Message(role=Role.SYSTEM, content="Be brief. " * 40), Message(role=Role.USER, content="Where is my order? " * 20))
    return ModelRequest(model=model, messages=messages, tools=(TOOL,) if tools else ())


async def measured(call: Callable[[], Awaitable[object]], times: int) -> dict[str, float]:
    for _ in range(5):
        await call()
    rounds = []
    for _ in range(5):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(times // 5):
            await call()
        rounds.append(((time.process_time() - cpu) / (times // 5), (time.perf_counter() - wall) / (times // 5)))
    cpu_s, wall_s = sorted(rounds)[2]
    return {"cpu_ms": round(cpu_s * 1000, 3), "wall_ms": round(wall_s * 1000, 3)}


async def bare_litellm(base: str, *, stream: bool) -> Callable[[], Awaitable[object]]:
    module = litellm()
    messages = [{"role": message.role.value, "content": message.content} for message in wish("x").messages]

    async def call() -> object:
        model = "openai/chunks-20" if stream else "openai/gpt-x"
        usage = {"stream_options": {"include_usage": True}} if stream else {}
        answer = await module.acompletion(model=model, messages=messages, api_key=KEY, api_base=base, stream=stream, **usage)
        if stream:
            async for _chunk in answer:
                pass
        return answer

    return call


async def floors(base: str, times: int) -> dict[str, Any]:
    body = json.dumps({"model": "gpt-x", "messages": [{"role": "user", "content": "x" * 800}]}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    url = f"{base}/chat/completions"
    async with aiohttp.ClientSession() as session, httpx.AsyncClient() as client:

        async def by_aiohttp() -> object:
            async with session.post(url, data=body, headers=headers) as response:
                return json.loads(await response.read())

        async def by_httpx() -> object:
            return json.loads((await client.post(url, content=body, headers=headers)).content)

        return {"aiohttp_alone": await measured(by_aiohttp, times), "httpx_alone": await measured(by_httpx, times)}


async def adapters(base: str, times: int) -> dict[str, Any]:
    port = base.split(":")[2].split("/")[0]
    egress = Egress(private_hosts=[f"127.0.0.1:{port}"])

    def call(model: LanguageModel, name: str, *, tools: bool = False) -> Callable[[], Awaitable[object]]:
        return lambda: model.complete(wish(name, tools=tools), ignore)

    figures = {}
    for stream in (False, True):
        kind, name = ("stream_of_20", "openai/chunks-20") if stream else ("whole", "openai/gpt-x")
        wire = OpenAIWire(base=base, key=KEY, egress=egress, stream=stream)
        through = LiteLLMModel(key=KEY, base=base, stream=stream)
        figures[kind] = {
            "our_wire": await measured(call(wire, name), times),
            "our_wire_with_tools": await measured(call(wire, name, tools=True), times),
            "our_litellm": await measured(call(through, name), times // 2),
            "bare_litellm": await measured(await bare_litellm(base, stream=stream), times // 2),
        }
    figures["demo"] = {"our_demo": await measured(call(DemoModel(), "demo/instant"), times)}
    wire = OpenAIWire(base=base, key=KEY, egress=egress, stream=False)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(wire.complete(wish("openai/slow-50"), ignore) for _ in range(50)))
    figures["fifty_at_once_50_ms"] = {
        "our_wire": {"cpu_ms": round((time.process_time() - cpu) * 1000, 1), "wall_ms": round((time.perf_counter() - wall) * 1000, 1)}
    }
    await egress.aclose()
    return figures


async def measure(base: str, times: int = 200) -> dict[str, Any]:
    return {"floor": await floors(base, times), **await adapters(base, times)}


def main() -> None:
    server = subprocess.Popen([sys.executable, "-m", "tests.model_server"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        base = json.loads(server.stdout.readline())["base"]
        print(json.dumps(asyncio.run(measure(base)), indent=2))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
