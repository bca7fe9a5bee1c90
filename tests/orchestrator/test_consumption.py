"""When a worker that lives is taken for one that does not work."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from orchestrator.processes import consumption
from orchestrator.processes.consumption import SILENT, ConsumptionWatch
from runs.health.probe import PATIENCE, mark_seen
from runs.health.pulse import beat
from runs.models import Probe, Pulse
from tenants.isolation.scope import system_scope
from tests.runs.databases import Database


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch, database: Database, broker: str) -> None:
    monkeypatch.setattr(consumption, "REDIS_URL", broker)
    for name, seconds in (("LOOK_S", 0.0), ("PATIENCE_S", 1e-9), ("START_S", 1e-9)):
        monkeypatch.setattr(consumption, name, seconds)


def beaten(ago: timedelta) -> None:
    with system_scope():
        beat("scheduler", Pulse.Kind.SCHEDULER, "build", {})
        Pulse.objects.update(beat_at=Now() - ago)


def given_up() -> bool:
    return ConsumptionWatch().out_of_patience()


def test_a_probe_that_was_sent_and_not_seen_is_waited_for_no_longer() -> None:
    beaten(timedelta())
    assert not given_up(), "no probe was sent"
    with system_scope():
        sent = Probe.objects.create(sent_at=Now() - PATIENCE - timedelta(seconds=1))
        assert given_up()
        mark_seen(sent.pk, "worker")
    assert not given_up()


def test_nobody_who_writes_is_a_worker_that_keeps_them_from_it_on_sqlite_only(database: Database) -> None:
    beaten(SILENT / 2)
    assert not given_up(), "somebody may hold the database for a while"
    beaten(SILENT * 2)
    assert given_up() == (database.vendor == "sqlite")


def test_nothing_is_known_without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    beaten(SILENT * 2)
    monkeypatch.setattr(consumption, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert not given_up()
