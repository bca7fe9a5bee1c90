"""Large events of one tenant are written between the small ones of others, whole and in order all the same."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection

from orchestrator.engine.errors import LeaseLost
from orchestrator.engine.ids import ROOT, NodeId, Path, PortName
from orchestrator.engine.log.events import Event, NodeStarted
from runs.leases.claim import Claim
from runs.log import batch
from runs.log.batch import Batch, WrittenRun, prepare
from runs.log.run_log import RunLog, load
from runs.log.writer import LogWriter
from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.runs.factories import World, world
from tests.runs.log.test_event_log import claimed, started

SLOW_S = 0.05
MANY = 20


@pytest.fixture(autouse=True)
def platform(database: Any) -> Any:
    with system_scope():
        yield


def large(seq: int) -> Event:
    inputs = {PortName("in"): "large"}
    return NodeStarted(seq=seq, at_us=seq, path=Path(f"a#{seq}"), scope=ROOT, node=NodeId("a"), activation=seq, inputs=inputs)


@pytest.fixture
def slow_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large events take long to be made ready."""
    dump = batch.blobs.dump

    def slow(event: Event, store: Any) -> str:
        if isinstance(event, NodeStarted) and event.inputs.get(PortName("in")) == "large":
            time.sleep(SLOW_S)
        return dump(event, store)

    monkeypatch.setattr(batch.blobs, "dump", slow)


async def beside(loud: list[Claim], quiet: list[Claim]) -> tuple[list[float], list[Batch]]:
    """Seconds until each quiet run's events were durable, one after the other, while the other runs' large ones are written."""
    committed: list[Batch] = []
    writer = LogWriter(committed.extend)
    logs = [RunLog(claim, writer, lambda *_: None) for claim in loud]
    own = [RunLog(claim, writer, lambda *_: None) for claim in quiet]
    for log in logs:
        log.append([large(seq) for seq in range(1, MANY + 1)])
        log.hand_over()
    writer.start()
    taken = []
    try:
        for log in own:
            began = time.monotonic()
            log.append([started(1), started(2)])
            await log.flush()
            taken.append(time.monotonic() - began)
        for log in logs:
            await log.flush()
    finally:
        writer.stop()
    return taken, committed


@pytest.mark.usefixtures("slow_dump")
def test_g06_small_events_of_another_tenant_do_not_wait_for_large_ones() -> None:
    attacker, neighbour = world(), world()
    loud, quiet = [attacker.run() for _ in range(2)], [neighbour.run() for _ in range(3)]
    taken, committed = asyncio.run(beside([claimed(run) for run in loud], [claimed(run) for run in quiet]))
    assert max(taken) < SLOW_S * 10, f"{taken} s, and all of the large ones take {2 * MANY * SLOW_S:.0f} s"
    for run, count in [*((run, MANY) for run in loud), *((run, 2) for run in quiet)]:
        assert [event.seq for event in load(run)] == [*range(1, count + 1)]
        assert Run.objects.get(pk=run.pk).last_seq == count
    shown = [event.seq for each in committed if each.to.claim.run_id == loud[0].pk for event in each.events]
    assert shown == [*range(1, MANY + 1)], "and shown in order"


@pytest.mark.parametrize("of_another", [True, False])
def test_few_events_do_not_wait_for_thousands_of_another_run(of_another: bool) -> None:
    """Told by what was written before them, not by a clock; another run of the same tenant counts as well."""
    place = world()
    loud = [claimed(place.run()) for _ in range(2)]
    quiet = claimed((world() if of_another else place).run())
    commits: list[Sequence[Batch]] = []

    async def write() -> None:
        writer = LogWriter(commits.append)
        logs = [RunLog(claim, writer, lambda *_: None) for claim in loud]
        for log in logs:
            log.append([started(seq) for seq in range(1, 3_001)])
            log.hand_over()
        writer.start()
        own = RunLog(quiet, writer, lambda *_: None)
        own.append([started(1)])
        for log in (own, *logs):
            await log.flush()
        writer.stop()

    asyncio.run(write())
    own_commit = next(index for index, commit in enumerate(commits) if any(batch.to.claim is quiet for batch in commit))
    assert sum(len(batch.events) for commit in commits[: own_commit + 1] for batch in commit) <= 1_024
    assert [len(load(run)) for run in Run.objects.filter(pk__in=[claim.run_id for claim in loud])] == [3_000, 3_000]


@pytest.mark.usefixtures("slow_dump")
def test_a_run_that_was_taken_over_in_the_middle_of_its_events_writes_none_of_the_others() -> None:
    place: World = world()
    run = place.run()
    claim = claimed(run)

    async def taken_over() -> None:
        writer = LogWriter(lambda _batches: None)
        log = RunLog(claim, writer, lambda *_: None)
        log.append([large(seq) for seq in range(1, MANY + 1)])
        log.hand_over()
        writer.start()
        await asyncio.sleep(MANY * SLOW_S / 3)
        await asyncio.to_thread(take_over)
        with pytest.raises(LeaseLost):
            await log.flush()
        writer.stop()

    def take_over() -> None:
        with system_scope():
            Run.objects.filter(pk=run.pk).update(lease_epoch=99)
        connection.close()

    asyncio.run(taken_over())
    assert 0 < RunEvent.objects.filter(run=run).count() < MANY


@pytest.mark.usefixtures("slow_dump")
def test_a_command_counts_as_applied_with_the_last_of_what_came_of_it() -> None:
    to = WrittenRun(claimed(world().run()), 0)
    to.applied.extend([7, 8])
    events = [large(1), large(2), started(3)]
    first = prepare(to, events, time.monotonic())
    assert (len(first.events), first.applied) == (1, [])
    rest = prepare(to, events[1:], time.monotonic() + 60)
    assert (len(rest.events), rest.applied) == (2, [7, 8])
