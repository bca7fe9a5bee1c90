"""How much slower a tenant's runs are while another one writes the worst that may be written, without pause."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.processes import REPOSITORY, Product
from benchmarks.measuring.race import percentile
from benchmarks.whole_path import Client, signed_in
from tests.graphs import edge, graph, node

WARM_S = 5.0
"""For the processes of both tenants to be there before anything is measured."""


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


async def started(client: Client, slug: str, value: Any, *, draft: bool = False) -> str:
    return str((await client.call("POST", f"graphs/{slug}/runs", {"input": value, "draft": draft}))["id"])


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


@asynccontextmanager
async def attacked(address: str, keys: list[str], way: str) -> AsyncIterator[list[int]]:
    """Another tenant is at work within; how much it did is in the list afterwards. With a key for each kind of attack:
    to one caller alone, few requests are let in at once."""
    sent: list[int] = []
    words = ("-m", "benchmarks.neighbours.attacker", way, address, *keys)
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    attacker = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=REPOSITORY, **pipes)
    assert attacker.stdin is not None and attacker.stdout is not None
    await attacker.stdout.readline()
    await asyncio.sleep(WARM_S)
    try:
        yield sent
    finally:
        attacker.stdin.close()
        sent.append(int(await attacker.stdout.readline() or 0))
        await attacker.wait()


async def _measured(product: Product, times: int) -> list[Figure]:
    keys = [product.command("api_key", "--tenant", "acme", "--user", "rival") for _ in range(4)]
    async with signed_in(product) as neighbour:
        await neighbour.call("POST", "graphs", {"title": "quiet", "document": quiet_document()})
        await neighbour.call("POST", "graphs/quiet/versions", {"note": ""})
        await runs_of(neighbour, 10)
        quiet, healthy = await runs_of(neighbour, times), await health_of(neighbour, times)
        async with attacked(product.address, keys, "worst") as sent:
            loud, busy = await runs_of(neighbour, times), await health_of(neighbour, times)
        async with attacked(product.address, keys, "flood"):
            flooded = await runs_of(neighbour, times)
    ratios = [(percentile(loud, at) / percentile(quiet, at)) for at in (0.5, 0.95)]
    beside_flood = percentile(flooded, 0.95) / percentile(quiet, 0.95)
    return [
        Figure("a tenant's run while another attacks: p50 beside quiet", "times", ratios[0]),
        Figure("a tenant's run while another attacks: p95 beside quiet", "times", ratios[1], goal=2.0),
        Figure("a tenant's run while another floods: p95 beside quiet", "times", beside_flood),
        Figure("health while a tenant attacks: p95 beside quiet", "times", percentile(busy, 0.95) / percentile(healthy, 0.95), goal=2.0),
        Figure("a tenant's quiet run, p95", "ms", percentile(quiet, 0.95)),
        Figure("attacks sent meanwhile", "", sum(sent), more_is_better=True),
    ]
