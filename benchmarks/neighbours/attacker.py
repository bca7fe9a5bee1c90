"""One tenant that does the worst that may be done, without pause, in a process of its own.

`python -m benchmarks.neighbours.attacker worst|flood ADDRESS KEY...` says how many attacks it has sent when its input is closed.
"""

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp

from benchmarks.neighbours import started
from benchmarks.whole_path import Client
from tests.graphs import edge, graph, node, path

LOOK_S = 0.5
"""Between two looks at a run of its own."""
AT_ONCE = 4
"""Attacks of each kind that are under way at once."""
FLOOD = 9_000
"""Items of one run."""
ENDED = ("succeeded", "failed", "crashed", "cancelled")


def one_node(kind: str, params: dict[str, Any], inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    drawn = graph([node("start", "input"), node("worst", kind, params), node("end", "output")], path("start", "worst", "end"))
    return {**drawn.model_dump(mode="json"), "inputs": inputs or {}}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def flood_document() -> dict[str, Any]:
    """Nothing in it is large or slow; there is only very much of it."""
    nodes = [node("start", "input"), node("each", "map", {"items": "input"}), node("end", "output")]
    nodes.append(node("double", "transform", {"expression": "item * 2"}, parent="each"))
    edges = [edge("start", "each"), edge("each.item", "double"), edge("double", "each.result"), edge("each", "end")]
    return graph(nodes, edges).model_dump(mode="json")


LISTS = {"type": "array", "items": {"$ref": "#"}}
HOLDS_ITSELF = {"anyOf": [LISTS, LISTS, {"minimum": 5, "type": "integer"}]}
RUNS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "all": ("transform", {"expression": "run.input.all(a, run.input.all(b, a * b >= 0))"}, [*range(6000)]),
    "copies": ("transform", {"expression": "run.input.map(a, run.input.map(b, run.input))"}, [*range(6000)]),
    "query": ("tool", {"tool": "json_query", "arguments": {"data": "{{ run.input }}", "path": "$..*..*..*..*"}}, {"a": nested(60)}),
}


class Attacker:
    """Everything of a way to attack at once, again and again, until it is told to stop."""

    def __init__(self, clients: list[Client]) -> None:
        """With a key for each kind of attack: to one caller alone, few requests are let in at once."""
        self._client, self._saving, self._forming, self._ruling = clients
        self._numbers = itertools.count()
        self.sent = 0

    async def prepare(self) -> None:
        for slug, (kind, params, _) in RUNS.items():
            await self._client.call("POST", "graphs", {"title": slug, "document": one_node(kind, params)})
        await self._client.call("POST", "graphs", {"title": "sums", "document": one_node("transform", {})})
        await self._client.call("POST", "graphs", {"title": "flood", "document": flood_document()})

    def begin(self, way: str) -> list["asyncio.Task[None]"]:
        kinds: list[Callable[[], Awaitable[object]]] = [self._run, self._save, self._form, self._policy]
        if way == "flood":
            kinds = [self._flood]
        return [asyncio.create_task(self._again(kind)) for kind in kinds for _ in range(AT_ONCE)]

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

    async def _flood(self) -> None:
        await ended(self._client, await started(self._client, "flood", [*range(FLOOD)], draft=True))

    async def _policy(self) -> None:
        await self._ruling.call("PUT", "policy", {"yaml": "{" + "a," * 30_000 + "}", "version": 0})


async def ended(client: Client, run: str) -> str:
    while True:
        status = str((await client.call("GET", f"runs/{run}"))["status"])
        if status in ENDED:
            return status
        await asyncio.sleep(LOOK_S)


async def main(way: str, address: str, *keys: str) -> None:
    async with aiohttp.ClientSession() as session:
        attacker = Attacker([Client(address, session, key) for key in keys])
        await attacker.prepare()
        print("ready", flush=True)
        tasks = attacker.begin(way)
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
        print(attacker.sent, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
