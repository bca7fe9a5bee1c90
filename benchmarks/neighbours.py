"""How much slower a tenant's runs are while another one writes the worst that may be written, without pause."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from benchmarks.figure import Figure
from benchmarks.processes import Product
from benchmarks.race import percentile
from benchmarks.whole_path import Client, signed_in
from tests.graphs import edge, graph, node, path

WARM_S = 5.0
"""For the processes of both tenants to be there before anything is measured."""
LOOK_S = 0.5
"""Between two looks of the attacker at a run of its own."""
AT_ONCE = 4
"""Attacks of each kind that are under way at once."""
ENDED = ("succeeded", "failed", "crashed", "cancelled")

Call = Callable[[str, str, dict[str, Any]], Awaitable[int]]


def quiet_document() -> dict[str, Any]:
    """What the neighbour runs: conditions, mappings and a route, all small."""
    nodes = [
        node("start", "input"),
        node("grade", "transform", {"fields": {"score": "input.score * 2", "tags": "input.tags.filter(t, t != 'x')"}}),
        node("good", "transform", {"expression": "{'kept': size(input.tags), 'label': 'good'}"}),
        node("poor", "transform", {"expression": "{'label': 'poor'}"}),
        node("end", "output"),
    ]
    ways = [edge("grade", "good", condition="output.score > 1"), edge("grade", "poor", otherwise=True)]
    return graph(nodes, [edge("start", "grade"), *ways, edge("good", "end"), edge("poor", "end")]).model_dump(mode="json")


def one_node(kind: str, params: dict[str, Any], inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    drawn = graph([node("start", "input"), node("worst", kind, params), node("end", "output")], path("start", "worst", "end"))
    return {**drawn.model_dump(mode="json"), "inputs": inputs or {}}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


LISTS = {"type": "array", "items": {"$ref": "#"}}
HOLDS_ITSELF = {"anyOf": [LISTS, LISTS, {"minimum": 5, "type": "integer"}]}
RUNS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "all": ("transform", {"expression": "run.input.all(a, run.input.all(b, a * b >= 0))"}, [*range(6000)]),
    "copies": ("transform", {"expression": "run.input.map(a, run.input.map(b, run.input))"}, [*range(6000)]),
    "query": ("tool", {"tool": "json_query", "arguments": {"data": "{{ run.input }}", "path": "$..*..*..*..*"}}, {"a": nested(60)}),
}


class Attacker:
    """Everything at once, again and again, until it is told to stop."""

    def __init__(self, clients: list[Client]) -> None:
        """With a key for each kind of attack: to one caller alone, few requests are let in at once."""
        self._client, self._saving, self._forming, self._ruling = clients
        self._numbers = itertools.count()
        self.sent = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        for slug, (kind, params, _) in RUNS.items():
            await self._client.call("POST", "graphs", {"title": slug, "document": one_node(kind, params)})
        await self._client.call("POST", "graphs", {"title": "sums", "document": one_node("transform", {})})
        kinds: list[Callable[[], Awaitable[object]]] = [self._run, self._save, self._form, self._policy]
        tasks = [asyncio.create_task(self._again(kind)) for kind in kinds for _ in range(AT_ONCE)]
        try:
            await asyncio.sleep(WARM_S)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again(self, attack: Callable[[], Awaitable[object]]) -> None:
        while True:
            with suppress(RuntimeError, aiohttp.ClientError):  # refused: try the next one
                await attack()
            self.sent += 1

    async def _run(self) -> None:
        slug = list(RUNS)[next(self._numbers) % len(RUNS)]
        await ended(self._client, await started(self._client, slug, RUNS[slug][2], draft=True))

    async def _save(self) -> None:
        number = next(self._numbers)
        sums = [f"{number}+{index}" + "+1" * 990 for index in range(60)]
        nodes = [node("start", "input"), *(node(f"n{index}", "transform", {"expression": text}) for index, text in enumerate(sums))]
        graph_now = await self._saving.call("GET", "graphs/sums")
        document = graph(nodes, []).model_dump(mode="json")
        await self._saving.call("PUT", "graphs/sums/draft", {"document": document, "revision": graph_now["revision"]})

    async def _form(self) -> None:
        document = one_node("transform", {"expression": "input"}, inputs=HOLDS_ITSELF)
        slug = f"form-{next(self._numbers)}"
        await self._forming.call("POST", "graphs", {"title": slug, "document": document})
        await started(self._forming, slug, nested(22), draft=True)

    async def _policy(self) -> None:
        await self._ruling.call("PUT", "policy", {"yaml": "{" + "a," * 30_000 + "}", "version": 0})


async def started(client: Client, slug: str, value: Any, *, draft: bool = False) -> str:
    return str((await client.call("POST", f"graphs/{slug}/runs", {"input": value, "draft": draft}))["id"])


async def ended(client: Client, run: str) -> str:
    while True:
        status = str((await client.call("GET", f"runs/{run}"))["status"])
        if status in ENDED:
            return status
        await asyncio.sleep(LOOK_S)


async def runs_of(client: Client, times: int) -> list[float]:
    """Milliseconds from the REST call to the end of a run, one after the other."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await client.follow(await started(client, "quiet", {"score": 1, "tags": ["x", "y"]}), lambda _event: None)
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


async def health_of(client: Client, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await client.call("GET", "health")
        taken.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(0.05)
    return taken


def measure(*, quick: bool) -> list[Figure]:
    product = Product("http://127.0.0.1:9/v1")
    try:
        product.start()
        return asyncio.run(_measured(product, 40 if quick else 200))
    finally:
        product.remove()


async def _measured(product: Product, times: int) -> list[Figure]:
    keys = [product.command("api_key", "--tenant", "acme", "--user", "rival") for _ in range(4)]
    async with signed_in(product) as neighbour, aiohttp.ClientSession() as session:
        await neighbour.call("POST", "graphs", {"title": "quiet", "document": quiet_document()})
        await neighbour.call("POST", "graphs/quiet/versions", {"note": ""})
        await runs_of(neighbour, 10)
        quiet, healthy = await runs_of(neighbour, times), await health_of(neighbour, times)
        attack = Attacker([Client(product, session, key) for key in keys])
        async with attack.at_work():
            loud, busy = await runs_of(neighbour, times), await health_of(neighbour, times)
    ratios = [(percentile(loud, at) / percentile(quiet, at)) for at in (0.5, 0.95)]
    return [
        Figure("a tenant's run while another attacks: p50 beside quiet", "times", ratios[0]),
        Figure("a tenant's run while another attacks: p95 beside quiet", "times", ratios[1], goal=2.0),
        Figure("health while a tenant attacks: p95 beside quiet", "times", percentile(busy, 0.95) / percentile(healthy, 0.95), goal=2.0),
        Figure("a tenant's quiet run, p95", "ms", percentile(quiet, 0.95)),
        Figure("attacks sent meanwhile", "", attack.sent, more_is_better=True),
    ]
