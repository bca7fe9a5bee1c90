"""Agents at work against a local model server: through the worker with log, gate and live stream, and as bare loops."""

import asyncio
import json
import os
import shutil
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.race import Timed, race
from benchmarks.measuring.scratch import model_server, prepare_django, scratch_database
from benchmarks.peers.peer import INSTRUCTIONS, Converse
from benchmarks.peers.roster import PEERS
from tests.graphs import edge, graph, node, path

if TYPE_CHECKING:
    from editor.models import Graph
    from runs.worker.worker import RunWorker
    from tenants.models import User

ROUNDS = 10
AGENTS = 50
TASK = "How much is two and three?"
ANSWER = "It is 5."
SUMS = [json.dumps({"expression": f"2 + 3 + {number}"}) for number in range(ROUNDS)]
"""Different ones: an agent that makes the same call again and again is stopped."""
KEY = "sk-benchmark"
LOOK_AGAIN_S, LONGEST_S = 1.0, 60.0

Ask = Callable[[str, list[dict[str, Any]]], Awaitable[dict[str, Any]]]
"""One model call: the model's name and the messages; answers with the message that came back."""


def script_rounds(base: str) -> None:
    """Make model `rounds` ask for the calculator ten times and then answer."""
    wishes = [{"tools": [{"name": "calculator", "arguments": wanted}]} for wanted in SUMS]
    body = json.dumps({"model": "rounds", "replies": [*wishes, {"text": ANSWER}]}).encode()
    address = base.removesuffix("/v1") + "/control/script"
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10).close()


def document(agent: str, model: str, *, mapped: bool) -> dict[str, Any]:
    spec = {"name": agent, "model": model, "instructions": INSTRUCTIONS, "tools": ["calculator"], "limits": {"max_iterations": ROUNDS + 2}}
    work = node("work", "agent", {"agent": agent}, **({"parent": "each"} if mapped else {}))
    ends = [node("start", "input"), work, node("end", "output")]
    if not mapped:
        return graph(ends, path("start", "work", "end"), agents={agent: spec}).model_dump(mode="json")
    nodes = [*ends, node("each", "map", {"concurrency": AGENTS})]
    edges = [edge("start", "each"), edge("each.item", "work"), edge("work", "each.result"), edge("each", "end")]
    return graph(nodes, edges, agents={agent: spec}).model_dump(mode="json")


@contextmanager
def worker() -> Iterator["RunWorker"]:
    """A worker of this process, with the seeded tenants, on SQLite and a real broker."""
    from channels.layers import get_channel_layer
    from django.conf import settings
    from django.core.management import call_command

    from orchestrator.settings.channel_layer import channel_layers
    from runs.worker.gc_tuning import tune_gc
    from runs.worker.resources import TenantResourceSource
    from runs.worker.worker import RunWorker
    from tests.runs.services import Valkey, scratch_folder

    folder = scratch_folder()
    broker = Valkey(folder / "valkey").start()
    try:
        with scratch_database("sqlite"):
            settings.CHANNEL_LAYERS = channel_layers(broker.url)
            call_command("seed", verbosity=0)
            get_channel_layer()  # made here, so that this thread and the worker's do not make one each
            tune_gc()
            running = RunWorker(TenantResourceSource())
            running.start()
            try:
                yield running
            finally:
                running.stop()
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ours(running: "RunWorker", agent: str, model: str, run_input: Any, before: Callable[[], None], *, mapped: bool) -> Timed:
    """From the hint to the worker until the run counts as ended for everybody who watches."""
    from editor.models import Graph
    from tenants.isolation.scope import system_scope
    from tenants.models import Membership

    with system_scope():
        owner = Membership.objects.select_related("user", "tenant").get(tenant__slug="demo", user__username="demo")
        drawn = Graph.objects.create(
            tenant=owner.tenant, slug=agent, title=agent, document=document(agent, model, mapped=mapped), created_by=owner.user
        )

    watching = asyncio.Runner()
    channel = watching.run(watch(drawn))

    def once() -> float:
        before()
        return watching.run(run_once(running, channel, drawn, owner.user, run_input))

    return once


async def watch(drawn: "Graph") -> str:
    """A channel that hears of the tenant's runs, and has begun to listen."""
    from channels.layers import get_channel_layer

    from runs.live.groups import tenant_group

    layer = get_channel_layer()
    channel: str = await layer.new_channel()
    await layer.group_add(tenant_group(drawn.tenant_id), channel)
    await asyncio.sleep(0.2)
    return channel


async def run_once(running: "RunWorker", channel: str, drawn: "Graph", by: "User", run_input: Any) -> float:
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    run = await asyncio.to_thread(new_run, drawn, by, run_input)
    began = time.perf_counter()
    running.admit(run.tenant_id, run.pk)
    while not await asyncio.to_thread(has_succeeded, run):
        with suppress(TimeoutError):  # a frame may get lost: like every watcher, look again after a while
            await asyncio.wait_for(layer.receive(channel), LOOK_AGAIN_S)
        if time.perf_counter() - began > LONGEST_S:
            raise TimeoutError("The run did not end")
    return time.perf_counter() - began


def new_run(drawn: "Graph", by: "User", run_input: Any) -> Any:
    from django.db.models.functions import Now

    from editor.versions.versions import freeze
    from runs.models import Run
    from tenants.isolation.scope import tenant_scope

    with tenant_scope(drawn.tenant_id):
        version = freeze(drawn, by, draft=True)
        fields = {"graph": drawn, "graph_version": version, "created_by": by, "trigger": Run.Trigger.API, "input": run_input}
        return Run.objects.create(tenant_id=drawn.tenant_id, due_at=Now(), **fields)


def has_succeeded(run: Any) -> bool:
    from runs.models import Run
    from tenants.isolation.scope import system_scope

    with system_scope():
        status, error = Run.objects.values_list("status", "error").get(pk=run.pk)
    if status not in ("queued", "running", "succeeded"):
        raise RuntimeError(f"The run is {status}: {error}")
    return bool(status == "succeeded")


async def loop(ask: Ask, model: str) -> None:
    """The plainest agent: no log, no gate, nobody who watches."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": TASK}]
    while True:
        reply = await ask(model, messages)
        messages.append(reply)
        if not reply.get("tool_calls"):
            return
        messages += [{"role": "tool", "tool_call_id": call["id"], "content": '{"result": 5}'} for call in reply["tool_calls"]]


def tool_schema() -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}
    return [{"type": "function", "function": {"name": "calculator", "description": "Evaluate", "parameters": parameters}}]


def by_aiohttp(base: str, model: str, count: int, before: Callable[[], None]) -> Timed:
    async def go() -> float:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

            async def ask(name: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
                body = {"model": name, "messages": messages, "tools": tool_schema()}
                async with session.post(f"{base}/chat/completions", json=body) as response:
                    found: dict[str, Any] = (await response.json())["choices"][0]["message"]
                    return found

            return await many(ask, model, count)

    return _prepared(before, go)


def by_litellm(base: str, model: str, count: int, before: Callable[[], None]) -> Timed:
    from orchestrator.capabilities.language_models.litellm_model import litellm

    module = litellm()

    async def ask(name: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        answer = await module.acompletion(model=f"openai/{name}", messages=messages, tools=tool_schema(), api_key=KEY, api_base=base)
        found: dict[str, Any] = answer.choices[0].message.model_dump(exclude_none=True)
        return found

    return _prepared(before, lambda: many(ask, model, count))


async def many(ask: Ask, model: str, count: int) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(loop(ask, model) for _ in range(count)))
    return time.perf_counter() - began


def by_peers(base: str, model: str, count: int, answer: str, before: Callable[[], None], runner: asyncio.Runner) -> dict[str, Timed]:
    """Each peer's agent, made once; all on one loop, since some share their connections between agents."""
    made = {peer.name: peer.agent(base, KEY, model) for peer in PEERS if peer.agent is not None}

    def once(converse: Converse) -> float:
        before()
        return runner.run(conversations(converse, count, answer))

    return {name: partial(once, converse) for name, converse in made.items()}


async def conversations(converse: Converse, count: int, answer: str) -> float:
    began = time.perf_counter()
    answers = await asyncio.gather(*(converse(TASK) for _ in range(count)))
    taken = time.perf_counter() - began
    assert set(answers) == {answer}, f"{set(answers)}, not {answer!r}"
    return taken


def _prepared(before: Callable[[], None], go: Callable[[], Awaitable[float]]) -> Timed:
    async def work() -> float:
        return await go()

    def once() -> float:
        before()
        return asyncio.run(work())

    return once


def measure(*, quick: bool) -> list[Figure]:
    with model_server() as base:
        os.environ.update(OPENAI_API_BASE=base, OPENAI_API_KEY=KEY, BATON_LEND_KEYS="demo")
        prepare_django()
        rounds = 3 if quick else 9
        with worker() as running, asyncio.Runner() as runner:

            def scripted() -> None:
                script_rounds(base)

            one = {
                "ours": ours(running, "counter", "openai/rounds", TASK, scripted, mapped=False),
                "floor": by_aiohttp(base, "rounds", 1, scripted),
                "bare LiteLLM loop": by_litellm(base, "rounds", 1, scripted),
                **by_peers(base, "rounds", 1, ANSWER, scripted, runner),
            }
            crowd = {
                "ours": ours(running, "crowd", "openai/slow-50", [TASK] * AGENTS, int, mapped=True),
                "floor": by_aiohttp(base, "slow-50", AGENTS, int),
                "bare LiteLLM loop": by_litellm(base, "slow-50", AGENTS, int),
                **by_peers(base, "slow-50", AGENTS, f"Echo: {TASK}", int, runner),
            }
            tens, fifties = race(one, rounds), race(crowd, rounds)
    return [
        _figure(f"agent with {ROUNDS} tool rounds", tens, 60.0),
        _figure(f"{AGENTS} agents at once, model 50 ms", fifties, 140.0),
    ]


def _figure(name: str, taken: dict[str, float], goal: float) -> Figure:
    return Figure.of_race(name, "ms", {who: seconds * 1e3 for who, seconds in taken.items()}, goal)
