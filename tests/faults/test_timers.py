"""F24: timers go by the database's clock, whatever a worker's own shows. F27: thousands of them leave room for new runs."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now

from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check, say
from tests.faults.processes import Processes, kill
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.services import wait_until

MOST_LATE_S = 60.0
"""For ten thousand timers, on two cores that other tests share."""
PROMPT_S = 1.3
"""Nobody sends wake-ups here, so a new run is found at the next look, after at most so long."""
PROMPT_PART = 0.25
"""The same as a part of the time that all timers take, on a machine that is busy with something else."""


def claims_of(run: Run) -> int:
    with system_scope():
        return RunEvent.objects.filter(run=run, type="run_claimed").count()


@pytest.mark.parametrize("clock_s", [-60.0, 60.0])
def test_f24_each_timer_fires_once_by_the_databases_clock(
    clock_s: float, database: Database, processes: Processes, sink: ModelServer
) -> None:
    """F12, F24"""
    place = world(chain({"id": "rest", "kind": "wait", "params": {"seconds": 3.0}}))
    worker = processes.start(database.url, clock_s=clock_s)
    runs = [place.run("x") for _ in range(20)]

    def ended() -> bool:
        with system_scope():
            return Run.objects.filter(status="succeeded").count() == len(runs)

    wait_until(ended, 20, "every timer has fired")
    kill(worker)
    check(sink)
    with system_scope():
        took = sorted(Run.objects.values_list(F("finished_at") - F("started_at"), flat=True))
    assert {claims_of(run) for run in runs} == {2}, "a timer woke its run more than once"
    assert timedelta(seconds=3) <= min(took) and max(took) < timedelta(seconds=12), sorted(took)
    with system_scope():
        assert not Run.objects.filter(finished_at__gt=Now()).exists() and not Run.objects.filter(
            started_at__lt=Now() - timedelta(seconds=50)
        )


def timers_and_new_runs(database: Database, processes: Processes, *, timers: int, workers: int) -> tuple[float, float, float]:
    """All timers are due in the same moment, and new runs come all the while.

    How late the timers were (the last one, and 95 of 100), and how long half of the new runs waited, in seconds.
    """
    document = chain({"id": "rest", "kind": "wait", "params": {"seconds": 3600}})
    place, new = world(document), world(chain())
    asleep = [place.run("x") for _ in range(50)]
    first = processes.start(database.url)
    with system_scope():
        wait_until(lambda: Run.objects.filter(status="waiting").count() == len(asleep), 20, "the first ones are asleep")
    kill(first)
    multiply(asleep[0], timers)
    with system_scope():
        due = Run.objects.filter(status="waiting").update(due_at=Now())
    began = time.time()
    started = [processes.start(database.url) for _ in range(workers)]
    newcomers: list[Run] = []
    while woken() < due and len(newcomers) < 100:
        newcomers.append(new.run("n"))
        time.sleep(0.3)
    wait_until(lambda: woken() >= due, 120, "every timer has woken its run")
    wait_until(lambda: not unfinished_of(newcomers), 30, "every new run has ended")
    lateness = sorted(at - began for at in woken_at())
    p95 = lateness[int(len(lateness) * 0.95)]
    with system_scope():
        rows = Run.objects.filter(pk__in=[run.pk for run in newcomers])
        waited = sorted(took.total_seconds() for took in rows.values_list(F("started_at") - F("created_at"), flat=True))
    waiting = waited[len(waited) // 2]
    say(f"F27 {database.vendor}: {due} timers, lateness p95 {p95:.1f} s; {len(waited)} new runs began after {waiting:.2f} s")
    for worker in started:
        kill(worker)
    return lateness[-1], p95, waiting


def unfinished_of(runs: list[Run]) -> bool:
    with system_scope():
        return Run.objects.unfinished().filter(pk__in=[run.pk for run in runs]).exists()


def woken() -> int:
    with system_scope():
        return RunEvent.objects.filter(type="run_claimed", seq__gt=2).count()


def woken_at() -> list[float]:
    with system_scope():
        return [at_us / 1e6 for at_us in RunEvent.objects.filter(type="run_claimed", seq__gt=2).values_list("at_us", flat=True)]


def multiply(run: Run, copies: int) -> None:
    """Runs with the same log, without executing each."""
    with system_scope():
        row = Run.objects.get(pk=run.pk)
        events = list(RunEvent.objects.filter(run=run))
        rows = []
        for _ in range(copies):
            row.pk = row.id = uuid4()
            rows.append(Run(**{field.attname: getattr(row, field.attname) for field in Run._meta.concrete_fields}))
        Run.objects.bulk_create(rows, batch_size=500)
        RunEvent.objects.bulk_create(
            (
                RunEvent(tenant_id=copy.tenant_id, run_id=copy.pk, seq=event.seq, type=event.type, at_us=event.at_us, payload=event.payload)
                for copy in rows
                for event in events
            ),
            batch_size=500,
        )


def test_f27_many_timers_at_once_leave_room_for_new_runs(database: Database, processes: Processes) -> None:
    """F27, short. How many timers a second there are is for the long one: this machine may be busy."""
    last, _, waiting = timers_and_new_runs(database, processes, timers=600, workers=1)
    assert waiting < max(PROMPT_S, last * PROMPT_PART)


@pytest.mark.chaos
def test_f27_ten_thousand_timers(database: Database, processes: Processes) -> None:
    """F27"""
    _, p95, waiting = timers_and_new_runs(database, processes, timers=10_000, workers=2)
    assert p95 < MOST_LATE_S and waiting < PROMPT_S
