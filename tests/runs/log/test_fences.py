"""Fences of a commit: who has lost the run writes nothing, and a command that came meanwhile is not forgotten."""

import threading
from typing import Any
from uuid import uuid4

import pytest

from orchestrator.engine.log.events import RunClaimed, RunStarted, RunSuspended
from runs.control.commands import send_command
from runs.leases.claim import Claim, Ending
from runs.leases.lease import claim_named
from runs.leases.stranded import stranded
from runs.log.batch import WrittenRun, commit, prepare
from runs.models import Command, Run, RunEvent
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.factories import World, world
from tests.runs.log.test_event_log import started

pytestmark = pytest.mark.usefixtures("database", "broker")


def claimed(run: Run) -> Claim:
    [claim] = claim_named(str(uuid4()), 1, {run.pk: run.tenant_id})
    return claim


def test_a_claim_with_an_earlier_epoch_is_refused_even_when_the_owner_is_the_same() -> None:
    """A worker that lost a run and claimed it again must not write what its former claim still holds."""
    with system_scope():
        run = world().run()
        old = claimed(run)
        Run.objects.filter(pk=run.pk).update(lease_epoch=old.epoch + 1)
        batch = prepare(WrittenRun(old, 0), [started(1)])
        assert commit([batch], again=False) == []
        assert not RunEvent.objects.filter(run=run).exists()


@pytest.mark.parametrize("column", ["lease_owner", "last_seq"])
def test_another_owner_or_another_length_of_the_log_is_refused(column: str) -> None:
    with system_scope():
        run = world().run()
        claim = claimed(run)
        Run.objects.filter(pk=run.pk).update(**{column: "another" if column == "lease_owner" else 7})
        assert commit([prepare(WrittenRun(claim, 0), [started(1)])], again=False) == []


def suspended(claim: Claim) -> WrittenRun:
    written = WrittenRun(claim, 0)
    events = [
        RunStarted(seq=1, at_us=1),
        RunClaimed(seq=2, at_us=1, worker="me", epoch=1, cause="first"),
        RunSuspended(seq=3, at_us=1, waiting_on=("ask#1/human.1",)),  # type: ignore[arg-type]
    ]
    assert len(commit([prepare(written, events)], again=False)) == 1
    return written


def told(place: World, run: Run) -> None:
    with tenant_scope(place.tenant.pk):
        send_command(run=run, by=place.user, kind=Command.Kind.CANCEL)


def test_a_command_that_came_before_the_run_was_left_to_nobody_makes_it_due() -> None:
    """Its sender saw an owner and left the waking to it."""
    place = world()
    with system_scope():
        run = place.run()
        claim = claimed(run)
    told(place, run)
    with system_scope():
        suspended(claim)
        row = Run.objects.get(pk=run.pk)
        assert claim.ending is Ending.RECORDED
        assert row.lease_owner == "" and row.due_at is not None and not stranded().exists()


def test_a_command_that_comes_after_it_makes_it_due_itself() -> None:
    place = world()
    with system_scope():
        run = place.run()
        suspended(claimed(run))
        assert Run.objects.get(pk=run.pk).due_at is None
    told(place, run)
    with system_scope():
        assert Run.objects.get(pk=run.pk).due_at is not None and not stranded().exists()


def test_the_first_ending_of_a_claim_counts_whoever_is_first() -> None:
    with system_scope():
        claim = claimed(world().run())
    barrier = threading.Barrier(8)
    seen: list[Any] = []

    def end(ending: Ending) -> None:
        barrier.wait()
        claim.end(ending)
        seen.append(claim.ending)

    threads = [threading.Thread(target=end, args=[ending]) for ending in (Ending.TAKEN, Ending.RECORDED) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
