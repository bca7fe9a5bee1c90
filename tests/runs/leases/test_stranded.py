"""The invariant as a query: what it finds, what it leaves alone, and that the scheduler mends it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from runs.leases.stranded import repair_stranded, stranded
from runs.models import Command, Pulse, Run, RunEvent
from runs.worker.scheduler import Scheduler
from tenants.isolation.scope import system_scope
from tests.runs.factories import world

pytestmark = pytest.mark.usefixtures("database")
NOBODY: dict[str, Any] = {"due_at": None, "last_seq": 1}
ON_A_PERSON = '{"v":1,"type":"run_suspended","seq":1,"at_us":1,"waiting_on":["ask#1/human.1"],"wake_at_us":null}'
ON_A_TIMER = '{"v":1,"type":"run_suspended","seq":1,"at_us":1,"waiting_on":["a#1","b#1"],"wake_at_us":1700000000000000}'
ON_NOTHING = '{"v":1,"type":"run_suspended","seq":1,"at_us":1,"waiting_on":[],"wake_at_us":null}'
CLAIMED = '{"v":1,"type":"run_claimed","seq":1,"at_us":1,"worker":"a","epoch":1,"cause":"first"}'


@pytest.fixture(autouse=True)
def platform() -> Iterator[None]:
    with system_scope():
        yield


def run_of(payload: str = "", **fields: Any) -> Run:
    run = world().run(**{**NOBODY, **fields})
    if payload:
        kind = payload.split('"type":"')[1].split('"')[0]
        RunEvent.objects.create(tenant_id=run.tenant_id, run=run, seq=1, type=kind, at_us=1, payload=payload)
    return run


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        ("", {"status": "queued", "last_seq": 0}),
        (CLAIMED, {"status": "running"}),
        (CLAIMED, {"status": "waiting"}),
        (ON_A_TIMER, {"status": "waiting"}),
        (ON_NOTHING, {"status": "waiting"}),
        (CLAIMED, {"status": "running", "lease_owner": "gone"}),
    ],
    ids=["queued", "running", "waiting and taken up", "waiting for a time", "waiting for nothing", "owned for ever"],
)
def test_a_run_that_nothing_will_take_up_is_found_and_made_due(payload: str, fields: dict[str, Any]) -> None:
    run = run_of(payload, **fields)
    assert [found.pk for found in stranded()] == [run.pk]
    assert repair_stranded() == [run.pk] and not stranded().exists()
    assert [due.pk for due in Run.objects.due()] == [run.pk]


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        (ON_A_PERSON, {"status": "waiting"}),
        ("", {"status": "paused"}),
        ("", {"status": "succeeded"}),
        ("", {"status": "queued", "due_at": Now()}),
        (ON_A_TIMER, {"status": "waiting", "due_at": Now() + timedelta(hours=1)}),
        (CLAIMED, {"status": "running", "lease_owner": "a", "due_at": Now() + timedelta(seconds=4)}),
    ],
    ids=["waits for a person", "paused", "ended", "due", "due later", "owned"],
)
def test_a_run_that_is_where_it_should_be_is_left_alone(payload: str, fields: dict[str, Any]) -> None:
    run_of(payload, **fields)
    assert not stranded().exists() and repair_stranded() == []


@pytest.mark.parametrize(("payload", "status"), [(ON_A_PERSON, "waiting"), ("", "paused")])
def test_a_run_at_rest_that_was_told_something_is_stranded_unless_it_is_due(payload: str, status: str) -> None:
    run = run_of(payload, status=status)
    command = Command.objects.create(tenant_id=run.tenant_id, run=run, kind="cancel", body={"by": "x", "comment": ""})
    assert stranded().exists()
    Command.objects.filter(pk=command.pk).update(applied_at=Now())
    assert not stranded().exists()


def test_the_scheduler_mends_it_and_counts() -> None:
    run = run_of(CLAIMED, status="running")
    scheduler = Scheduler()
    scheduler.tick()
    assert Run.objects.get(pk=run.pk).due_at is not None
    assert Pulse.objects.get(kind="scheduler").report == {"stranded_runs_repaired": 1}
