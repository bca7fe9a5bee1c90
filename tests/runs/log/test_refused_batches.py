"""A batch that cannot be made or written ends its own run's claim; the others' batches go in, and the writer goes on."""

import time
from collections.abc import Sequence
from typing import Any, cast

import pytest
from django.db.models.functions import Now
from structlog.testing import capture_logs

from orchestrator.engine.log.events import Event, RunCancelled, RunClaimed, RunStarted, RunSuspended
from runs.leases.claim import Ending
from runs.log import writer as writing
from runs.log.batch import Batch, WrittenRun, commit, prepare
from runs.log.run_log import load
from runs.log.writer import LogWriter
from runs.models import Blob, Command, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.runs.factories import world
from tests.runs.log.test_event_log import BIG, started
from tests.runs.log.test_lost_answers import LostAnswers, row_of, written

pytestmark = pytest.mark.usefixtures("database", "broker")
CLAIMED = RunClaimed(seq=1, at_us=1, worker="me", epoch=1, cause="first")


def taken_place(to: WrittenRun) -> None:
    """Its first event stands already, though its row does not say so: the database refuses another one."""
    RunEvent.objects.create(tenant_id=to.claim.tenant_id, run_id=to.claim.run_id, seq=1, type="run_started", at_us=1, payload="{}")


def write_all(appended: Sequence[tuple[WrittenRun, Sequence[Event]]], shown: list[Sequence[Batch]]) -> list[str]:
    """Append everything before the writer begins, so that it is one commit. The names of what it logged."""
    writer = LogWriter(shown.append)
    for to, events in appended:
        writer.append(to, events)
    with capture_logs() as logs:
        writer.start()
        writer.stop()
    assert not writer.alive
    return [entry["event"] for entry in logs]


@pytest.mark.parametrize("bad", range(3))
def test_what_the_database_refuses_of_one_run_keeps_no_other_from_being_written(bad: int) -> None:
    shown: list[Sequence[Batch]] = []
    with system_scope():
        runs = [written() for _ in range(3)]
        taken_place(runs[bad])
        logged = write_all([(to, [started(1), started(2)]) for to in runs], shown)
        for index, to in enumerate(runs):
            assert to.claim.ending is (Ending.REFUSED if index == bad else None)
            assert row_of(to).last_seq == (0 if index == bad else 2)
    assert logged == ["log_write_refused"]
    assert [batch.to for batches in shown for batch in batches] == [to for to in runs if to is not runs[bad]]


def test_a_batch_that_cannot_be_made_is_its_own_runs_fault() -> None:
    shown: list[Sequence[Batch]] = []
    with system_scope():
        bad, good = written(), written()
        logged = write_all([(bad, [cast(Any, object())]), (good, [started(1)])], shown)
        assert bad.claim.ending is Ending.REFUSED and good.claim.ending is None
        assert row_of(bad).last_seq == 0 and row_of(good).last_seq == 1
    assert logged == ["log_events_refused"]


def test_what_was_appended_after_the_claim_had_ended_is_not_written() -> None:
    with system_scope():
        ended, empty = written(), written()
        ended.claim.end(Ending.TAKEN)
        assert write_all([(ended, [started(1)]), (empty, [])], []) == []
        assert not RunEvent.objects.exists() and empty.claim.ending is None


def test_a_screen_that_cannot_be_told_stops_nothing() -> None:
    def broken(_batches: Sequence[Batch]) -> None:
        raise RuntimeError("nobody there")

    with system_scope():
        to = written()
        writer = LogWriter(broken)
        with capture_logs() as logs:
            writer.start()
            writer.append(to, [started(1)])
            while row_of(to).last_seq != 1:
                time.sleep(0.01)
            writer.append(to, [started(2)])
            writer.stop()
        assert [event.seq for event in load(row_of(to))] == [1, 2]
    assert [entry["event"] for entry in logs] == ["commit_not_shown"] * 2


def test_a_writer_that_is_told_to_stop_gives_up_on_a_database_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "STOP_S", 0.5)
    with system_scope():
        to = written()
        lost = LostAnswers(monkeypatch, 10**9, carried_out=False)
        logged = write_all([(to, [started(1)])], [])
        tries, lost.left = 10**9 - lost.left, 0
        assert row_of(to).last_seq == 0
        assert to.claim.ending is None, "it still owns the run: the lease says when another one may"
    assert 2 <= tries == len(logged) and set(logged) == {"log_write_failed"}


def test_the_same_big_value_of_two_runs_is_kept_once() -> None:
    with system_scope():
        place = world()
        first = written(place)
        assert commit([prepare(first, [RunStarted(seq=1, at_us=1, input=BIG)])], again=False)
        second = written(place)
        assert commit([prepare(second, [RunStarted(seq=1, at_us=1, input=BIG)])], again=False)
        assert Blob.objects.count() == 1


@pytest.mark.parametrize(("event", "crashes"), [(RunSuspended(seq=2, at_us=1, waiting_on=()), 0), (started(2), 2)])
def test_crashes_are_forgotten_once_the_run_got_somewhere(event: Event, crashes: int) -> None:
    with system_scope():
        to, beside = written(), written()
        Run.objects.update(crashes=2)
        commit([prepare(to, [CLAIMED, event]), prepare(beside, [CLAIMED])], again=False)
        assert row_of(to).crashes == crashes and row_of(beside).crashes == 2


def command(to: WrittenRun, *, applied: bool = False) -> Command:
    when = Now() if applied else None
    made = Command.objects.create(tenant_id=to.claim.tenant_id, run_id=to.claim.run_id, kind="pause", body={"by": "x"}, applied_at=when)
    made.refresh_from_db()
    return made


def applied_at(made: Command) -> object:
    return Command.objects.values_list("applied_at", flat=True).get(pk=made.pk)


def test_a_command_is_applied_with_what_it_made_happen() -> None:
    with system_scope():
        to = written()
        taken, waiting = command(to), command(to)
        to.applied.append(taken.pk)
        commit([prepare(to, [started(1)])], again=False)
        assert applied_at(taken) is not None and applied_at(waiting) is None


def test_a_run_that_has_ended_has_nothing_left_to_do_and_no_other_is_touched() -> None:
    with system_scope():
        to, beside, resting = written(), written(), written()
        before, left, others, of_resting = command(to, applied=True), command(to), command(beside), command(resting)
        ended = RunCancelled(seq=1, at_us=1)
        suspended = RunSuspended(seq=1, at_us=1, waiting_on=())
        commit([prepare(to, [ended]), prepare(beside, [started(1)]), prepare(resting, [suspended])], again=False)
        assert applied_at(before) == before.applied_at and applied_at(left) is not None
        assert applied_at(others) is None and applied_at(of_resting) is None
        assert row_of(to).due_at is None and row_of(resting).due_at is not None
