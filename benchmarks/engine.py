"""What the engine adds to each node: in memory, and with the durable log on SQLite and PostgreSQL."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.race import Timed, computed, race, timed
from benchmarks.measuring.scratch import WriteAhead, prepare_django, scratch_database
from benchmarks.peers.peer import Invoke
from benchmarks.peers.roster import PEERS
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Path
from orchestrator.engine.log.events import Event, RunClaimed
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import Host
from orchestrator.engine.testing import FixedAuthority, MemoryTools, ScriptedModel, host_of
from tests.graphs import chain, fan, loop

if TYPE_CHECKING:
    from runs.log.writer import LogWriter

SHAPES: dict[str, Callable[[int], Graph]] = {"chain": chain, "fan": fan, "loop": loop}
INPUTS = {"chain": 1, "fan": 1, "loop": 0}
GOALS = {"memory": dict.fromkeys(SHAPES, 80.0), "sqlite": {"chain": 300.0, "fan": 150.0, "loop": 300.0}}
SIZE = 100
LARGE = 9_999
"""A loop goes round 10,000 times at most, once more than it counts."""


class ListLog:
    """The log as the events themselves."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, events: Sequence[Event]) -> None:
        self.events.extend(events)

    async def flush(self) -> None:
        return None

    def delta(self, path: Path, text: str) -> None:
        return None


class MachineClock:
    def now_us(self) -> int:
        return time.time_ns() // 1000

    def random(self) -> float:
        return 0.5


def host(sink: Any) -> Host:
    return host_of(ScriptedModel(), MemoryTools(), sink, FixedAuthority(), MachineClock())


def proven(who: str, invoke: Invoke, shape: str) -> Callable[[], int]:
    """A run of the shape by a peer, who has shown once that it comes to the same as ours."""
    found = invoke(INPUTS[shape])
    wanted = INPUTS[shape] * SIZE if shape == "fan" else INPUTS[shape] + SIZE
    assert found == wanted, f"{who} makes {found} of {shape}({SIZE}), not {wanted}"
    return partial(invoke, INPUTS[shape])


async def run_in_memory(graph: Graph, run_input: int) -> None:
    runner = Runner(graph, RunState(), host(ListLog()), run_id="run")
    assert await runner.run(run_input, RunClaimed(worker="bench", epoch=1, cause="first")) is RunStatus.SUCCEEDED


async def tasks_alone(shape: str, size: int) -> None:
    """The floor: an asyncio task per node, one after the other or all at once."""

    async def work(value: int) -> int:
        return value + 1

    if shape == "fan":
        await asyncio.gather(*(work(1) for _ in range(size)))
        return
    value = 0
    for _ in range(size):
        value = await asyncio.create_task(work(value))


def in_memory(shape: str, size: int) -> Timed:
    graph = SHAPES[shape](size)
    return computed(lambda: asyncio.run(run_in_memory(graph, INPUTS[shape])))


def measure_memory(shape: str, rounds: int) -> list[Figure]:
    contenders = {"ours": in_memory(shape, SIZE), "floor": computed(lambda: asyncio.run(tasks_alone(shape, SIZE)))}
    for peer in PEERS:
        if peer.in_memory is not None:
            contenders[peer.name] = computed(proven(peer.name, peer.in_memory(shape, SIZE), shape))
    taken = race(contenders, rounds)
    return [_figure(f"{shape}({SIZE}), log in memory", taken, GOALS["memory"][shape])]


def _figure(name: str, taken: dict[str, float], goal: float | None) -> Figure:
    return Figure.of_race(name, "us/node", {who: seconds / SIZE * 1e6 for who, seconds in taken.items()}, goal)


def measure_growth(shape: str, rounds: int) -> list[Figure]:
    """Flat means that a node of a large graph costs what a node of a small one does."""
    taken = race({"small": in_memory(shape, SIZE), "large": in_memory(shape, LARGE)}, rounds)
    small, large = taken["small"] / SIZE * 1e6, taken["large"] / LARGE * 1e6
    return [Figure(f"{shape}({LARGE:,}) beside {shape}({SIZE})", "times per node", large / small, 1.5)]


def measure_durable(vendor: str, rounds: int) -> list[Figure]:
    figures = []
    with scratch_database(vendor) as url, log_writer() as writer:
        for shape, graph_of in SHAPES.items():
            with ExitStack() as stack:
                contenders = {"ours": durable(graph_of(SIZE), INPUTS[shape], writer), "floor": durable_floor(shape, url)}
                for peer in PEERS:
                    if vendor == "sqlite" and peer.durable is not None:
                        contenders[peer.name] = timed(proven(peer.name, stack.enter_context(peer.durable(shape, SIZE)), shape))
                taken = race(contenders, rounds)
            goal = GOALS.get(vendor, {}).get(shape)
            figures.append(_figure(f"{shape}({SIZE}), durable on {vendor}", taken, goal))
    return figures


@contextmanager
def log_writer() -> Iterator["LogWriter"]:
    from runs.log.writer import LogWriter

    writer = LogWriter(lambda _batches: None)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def durable(graph: Graph, run_input: int, writer: "LogWriter") -> Timed:
    """From the claim on: everything is in the database when a run counts as ended."""
    from runs.leases.claim import Claim
    from runs.leases.lease import claim_named
    from runs.log.run_log import RunLog
    from tenants.isolation.scope import system_scope
    from tests.runs.factories import world

    place = world(graph.model_dump(mode="json"))

    async def go(claim: Claim) -> float:
        log = RunLog(claim, writer, lambda *_: None)
        runner = Runner(graph, RunState(), host(log), run_id=str(claim.run_id))
        began = time.perf_counter()
        assert await runner.run(run_input, RunClaimed(worker="bench", epoch=claim.epoch, cause="first")) is RunStatus.SUCCEEDED
        return time.perf_counter() - began

    def once() -> float:
        run = place.run(run_input)
        with system_scope():
            (claim,) = claim_named("bench", 1, {run.pk: run.tenant_id})
        return asyncio.run(go(claim))

    return once


def durable_floor(shape: str, url: str) -> Timed:
    """The bare tasks, then two rows of 300 bytes for each node in one commit."""
    rows = [(number, "x" * 300) for number in range(2 * SIZE)]
    connection: Any
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=20, factory=WriteAhead)
        begin, insert, cursor = "BEGIN IMMEDIATE", "INSERT INTO floor VALUES (?, ?)", connection.cursor()
    else:
        from django.db import connection

        begin, insert, cursor = "BEGIN", "INSERT INTO floor VALUES (%s, %s)", connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS floor (seq bigint, payload text)")

    def once() -> None:
        asyncio.run(tasks_alone(shape, SIZE))
        cursor.execute(begin)
        cursor.executemany(insert, rows)
        cursor.execute("COMMIT")

    return timed(once)


def measure(*, quick: bool) -> list[Figure]:
    prepare_django()
    from runs.worker.gc_tuning import tune_gc

    tune_gc()  # as in a worker
    rounds = 5 if quick else 15
    figures = [figure for shape in SHAPES for figure in measure_memory(shape, rounds)]
    figures += [figure for vendor in ("sqlite", "postgresql") for figure in measure_durable(vendor, rounds)]
    figures += [figure for shape in SHAPES for figure in measure_growth(shape, 1 if quick else 3)]
    return figures
