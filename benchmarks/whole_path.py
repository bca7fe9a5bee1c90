"""Runs through the whole platform, from the REST call to the answer, with the real processes."""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.processes import Product
from benchmarks.measuring.race import percentile
from benchmarks.measuring.scratch import model_server
from tests.graphs import graph, node, path

CLIENTS = 20
WATCHED = 30
"""Runs whose sockets are open, of the 100 that live at once: a person may open 40."""
LIVE = 100
SPREAD_S = 0.05
"""Between the starts of two of them, so that a hundred live while the model takes its 5 s."""
IDLE_S = 3.0


def document(model: str) -> dict[str, Any]:
    """Five nodes, one of which asks a model."""
    nodes = [
        node("start", "input"),
        node("before", "transform", {"fields": {"text": "input.text", "size": "size(input.text)"}}),
        node("ask", "agent", {"agent": "helper", "prompt": "{{ input.text }}"}),
        node("after", "transform", {"fields": {"answer": "input", "size": "nodes.before.out.size"}}),
        node("end", "output"),
    ]
    helper = {"name": "Helper", "model": model, "instructions": "Be brief."}
    drawn = graph(nodes, path("start", "before", "ask", "after", "end"), agents={"helper": helper}, title="Bench")
    return drawn.model_dump(mode="json")


@dataclass
class Client:
    """A signed-in person with an API key."""

    address: str
    session: aiohttp.ClientSession
    key: str
    heard_late_ms: list[float] = field(default_factory=list)

    async def call(self, method: str, place: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.session.request(method, f"{self.address}/api/v1/{place}", json=body, headers=headers) as response:
            found: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise RuntimeError(f"{method} {place}: {response.status} {found}")
            return found

    async def publish(self, slug: str, model: str) -> None:
        await self.call("POST", "graphs", {"title": slug, "document": document(model)})
        await self.call("POST", f"graphs/{slug}/versions", {"note": ""})

    async def start(self, slug: str) -> str:
        return str((await self.call("POST", f"graphs/{slug}/runs", {"input": {"text": "How much is two and three?"}}))["id"])

    def socket(self, place: str) -> Any:
        """`/ws/<place>`"""
        return self.session.ws_connect(f"{self.address}/ws/{place}", headers={"Origin": self.address})

    async def follow(self, run: str, on_event: Callable[[dict[str, Any]], None]) -> None:
        """Watch a run until it has ended."""
        async with self.socket(f"runs/{run}/?after=0") as socket:
            async for message in socket:
                for event in json.loads(message.data).get("events", ()):
                    on_event(event)
                    if event["type"] in ("run_failed", "run_crashed"):
                        raise RuntimeError(f"The run failed: {event}")
                    if event["type"] == "run_succeeded":
                        return


async def one_after_the_other(client: Client, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of whole runs and of first events, as one person sees them."""
    whole, first = [], []
    for _ in range(times):
        began = time.perf_counter()
        heard: list[float] = []
        await client.follow(await client.start("bench"), lambda _event, heard=heard: heard.append(time.perf_counter()))  # type: ignore[misc]
        whole.append((heard[-1] - began) * 1e3)
        first.append((heard[0] - began) * 1e3)
    return whole, first


async def many_at_once(client: Client, count: int) -> float:
    """Seconds for `count` runs that twenty clients start one after the other, until the last has ended."""
    unfinished: set[str] = set()
    ended: set[str] = set()
    async with client.socket("live/") as live:
        began = time.perf_counter()

        async def starts(share: int) -> None:
            for _ in range(share):
                unfinished.add(await client.start("bench"))

        starting = asyncio.gather(*(starts(count // CLIENTS) for _ in range(CLIENTS)))
        while not (starting.done() and unfinished <= ended):
            message = json.loads((await live.receive(timeout=60)).data)
            if message["type"] == "run" and message["run"]["status"] not in ("queued", "running"):
                ended.add(message["run"]["id"])
        await starting
        return time.perf_counter() - began


async def lateness(client: Client) -> list[float]:
    """Milliseconds from the end of a node to the client that watches, with a hundred runs live."""
    late: list[float] = []

    def hear(event: dict[str, Any]) -> None:
        if event["type"] == "node_finished" and event["node"] in ("ask", "after", "end"):
            late.append(time.time() * 1e3 - event["at_us"] / 1e3)

    watching = []
    for number in range(LIVE):
        run = await client.start("slow")
        if number >= LIVE - WATCHED:
            watching.append(asyncio.create_task(client.follow(run, hear)))
        await asyncio.sleep(SPREAD_S)
    await asyncio.gather(*watching)
    return late


async def measured(product: Product, *, quick: bool) -> list[Figure]:
    async with signed_in(product) as client:
        await client.publish("bench", "openai/gpt-x")
        await client.publish("slow", "openai/slow-5000")
        await one_after_the_other(client, 5)
        whole, first = await one_after_the_other(client, 20 if quick else 60)
        count = 200 if quick else 600
        processor = product.processor_s()
        seconds = await many_at_once(client, count)
        processor = product.processor_s() - processor
        late = await lateness(client)
    return [
        Figure("one run of 5 nodes, median", "ms", statistics.median(whole), 40),
        Figure("one run of 5 nodes, quickest", "ms", min(whole)),
        Figure("REST call to first event on the socket", "ms", statistics.median(first), 15),
        Figure(f"runs a second, {CLIENTS} clients", "runs/s", count / seconds, 100, more_is_better=True),
        Figure(f"processor time per run, {CLIENTS} clients", "ms", processor / count * 1e3, 15),
        Figure(f"node end to socket, {LIVE} runs live, p50", "ms", percentile(late, 0.5), 10),
        Figure(f"node end to socket, {LIVE} runs live, p95", "ms", percentile(late, 0.95), 50),
    ]


async def first_events(product: Product) -> float:
    """Milliseconds from the REST call to the first event, median of a few runs of one start of the product."""
    async with signed_in(product) as client:
        if not (await client.call("GET", "runs"))["runs"]:
            await client.publish("bench", "openai/gpt-x")
        _, first = await one_after_the_other(client, 12)
        return statistics.median(first[2:])


def over_starts(product: Product, starts: int) -> list[Figure]:
    """Whether the product is as quick after each start: it once had two modes, 80 ms apart."""
    medians = []
    for _ in range(starts):
        product.start()
        medians.append(asyncio.run(first_events(product)))
        product.stop()
    return [
        Figure(f"REST call to first event, quickest of {starts} starts", "ms", min(medians)),
        Figure(f"REST call to first event, slowest of {starts} starts", "ms", max(medians), 15),
    ]


@asynccontextmanager
async def signed_in(product: Product) -> AsyncIterator[Client]:
    key = product.command("api_key", "--tenant", "demo", "--user", "demo")
    link = product.command("sign_in_link", "--tenant", "demo", "--user", "demo", "--base", product.address)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0)) as session:
        await sign_in(session, link)
        yield Client(product.address, session, key)


async def sign_in(session: aiohttp.ClientSession, link: str) -> None:
    """Follow the link as a browser does: the page asks, the form signs in."""
    async with session.get(link) as page:
        await page.read()
    token = next((cookie.value for cookie in session.cookie_jar if cookie.key == "csrftoken"), "")
    headers = {"X-CSRFToken": token, "Referer": link}
    async with session.post(link, headers=headers, allow_redirects=False) as answer:
        await answer.read()
    if not any(cookie.key == "sessionid" for cookie in session.cookie_jar):
        raise RuntimeError(f"Signing in failed: {answer.status}")


def measure(*, quick: bool) -> list[Figure]:
    with model_server() as base:
        product = Product(base)
        try:
            product.start()
            product.stop()
            again = product.start()
            time.sleep(IDLE_S)
            memory = product.memory_mib()
            figures = asyncio.run(measured(product, quick=quick))
            product.stop()
            figures += over_starts(product, 3 if quick else 10)
        finally:
            product.remove()
    return [Figure("starting again", "s", again, 5), Figure("memory at rest (PSS)", "MiB", memory, 400), *figures]
