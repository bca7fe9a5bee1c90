"""F03: a worker that was frozen longer than its lease wakes up and finds its epoch gone."""

import time

import pytest

from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check, check_paid_once
from tests.faults.processes import Processes, alive, freeze, freeze_between_commits, kill, thaw
from tests.faults.test_killed_workers import AGENTS, REPEATS, SAVE, SEND, WORK, status
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.services import wait_until


def has_event(run: Run, kind: str) -> bool:
    with system_scope():
        return RunEvent.objects.filter(run=run, type=kind).exists()


def acts(sink: ModelServer) -> int:
    """Calls of tools. A model that was asked before the freeze may answer after it."""
    return len([entry for entry in sink.sink if not entry.key.startswith("model:")])


def frozen_and_thawed(database: Database, processes: Processes, sink: ModelServer) -> None:
    place = world(chain(WORK, SAVE, SEND, agents=AGENTS))
    frozen = processes.start(database.url, model_s=1.5)
    run = place.run("x")
    wait_until(lambda: has_event(run, "effect_started"), 10, "the model is being asked")
    freeze_between_commits(frozen, database)
    other = processes.start(database.url)
    wait_until(lambda: status(run) == "succeeded", 16, "another worker has taken over")
    with system_scope():
        before = Run.objects.get(pk=run.pk)
    calls = acts(sink)
    thaw(frozen)
    time.sleep(2.5)
    with system_scope():
        after = Run.objects.get(pk=run.pk)
    assert (after.last_seq, after.lease_epoch) == (before.last_seq, 2)
    assert acts(sink) == calls, "the frozen worker acted after it had lost the run"
    kill(other)
    again = place.run("y")
    wait_until(lambda: status(again) == "succeeded", 10, "the thawed worker takes new runs")
    assert alive(frozen)
    kill(frozen)
    check(sink)


def test_f03_the_late_commit_of_a_frozen_worker_is_refused(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F03"""
    frozen_and_thawed(database, processes, sink)


@pytest.mark.chaos
@pytest.mark.parametrize("_", range(REPEATS))
def test_f03_again_and_again(_: int, database: Database, processes: Processes, sink: ModelServer) -> None:
    """F03"""
    frozen_and_thawed(database, processes, sink)


def only_worker_frozen(database: Database, processes: Processes, sink: ModelServer, *, runs: int, pace: float) -> None:
    """Nobody else is there to take its runs, so that after the thaw it must go on by itself."""
    place = world(chain(*({**WORK, "id": f"work{index}"} for index in range(8)), SAVE, SEND, agents=AGENTS))
    worker = processes.start(database.url, model_s=0.3, pace=pace)
    for _ in range(runs):
        place.run("x")
    time.sleep(2)
    freeze(worker)
    time.sleep((5.5 if database.vendor == "postgresql" else 9.5) * pace)
    thaw(worker)
    wait_until(lambda: not unfinished(), 30, "every run has ended after the thaw")
    kill(worker)
    check(sink)
    check_paid_once(sink)
    with system_scope():
        ends = set(Run.objects.values_list("status", "crashes", "lease_epoch"))
    assert ends == {("succeeded", 0, 1)}, "a lease that nobody had taken was given up, or claimed anew"


def unfinished() -> int:
    with system_scope():
        return Run.objects.unfinished().count()


def test_f19_the_only_worker_goes_on_after_it_was_frozen(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F19, short"""
    only_worker_frozen(database, processes, sink, runs=30, pace=0.4)


@pytest.mark.chaos
def test_f19_at_full_length(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F19"""
    only_worker_frozen(database, processes, sink, runs=75, pace=1.0)
