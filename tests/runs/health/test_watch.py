"""A worker that cannot write gives its runs back and ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from orchestrator.engine.log.status import RunStatus
from runs.health import watch
from runs.health.pulse import beat, health_of
from runs.log.writer import LogWriter
from runs.models import Pulse, Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tests.runs.factories import world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import AGENT, ends


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_whose_writer_has_ended_gives_its_runs_back_and_ends(database: Any, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.1)
    ended: list[str] = []
    resources = ScriptedResources()
    resources.models.delay_s = 30
    broken = RunWorker(resources, lambda: ended.append("ended"))
    broken.start()
    run = ends(world(AGENT).run("x"), RunStatus.RUNNING)

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(broken._writer, "_write", die)
    broken._writer.append(broken._active[run.pk][0].sink.written, ())
    wait_until(lambda: ended == ["ended"], 10, "the worker has noticed")
    broken._thread.join(20)
    with system_scope():
        row = Run.objects.get(pk=run.pk)
    assert not broken._thread.is_alive() and (row.lease_owner, row.crashes) == ("", 0) and row.due_at is not None


def test_whatever_fails_in_the_writer_it_goes_on(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What shows commits may fail as well: that is no reason to write no more."""

    def show(_batches: object) -> None:
        raise RuntimeError("the loop is closed")

    writer = LogWriter(show)
    writer.start()

    async def flushed() -> None:
        from runs.leases.lease import claim_named
        from runs.log.run_log import RunLog
        from tests.runs.log.test_event_log import started

        run = await asyncio.to_thread(in_system, lambda: world().run())
        [claim] = await asyncio.to_thread(in_system, lambda: claim_named("me", 1, {run.pk: run.tenant_id}))
        log = RunLog(claim, writer, lambda *_: None)
        for seq in (1, 2):
            log.append([started(seq)])
            await asyncio.wait_for(log.flush(), 5)

    asyncio.run(flushed())
    assert writer.alive
    writer.stop()


def in_system(work: Any) -> Any:
    from django.db import connection

    try:
        with system_scope():
            return work()
    finally:
        connection.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_health_is_told_of_parts_that_do_not_work_and_of_silence(database: Any) -> None:
    assert not health_of(Pulse.Kind.WORKER).ok
    beat("a", Pulse.Kind.WORKER, "1+aa", {"writer": True, "gate": True, "runs": 3})
    assert health_of(Pulse.Kind.WORKER).ok and not health_of(Pulse.Kind.SCHEDULER).ok
    beat("b", Pulse.Kind.WORKER, "1+bb", {"writer": True, "gate": False, "runs": 0})
    found = health_of(Pulse.Kind.WORKER)
    assert not found.ok and found.report == {"alive": 2, "builds": ["1+aa", "1+bb"], "broken": ["b: gate"]}
    assert health_of(Pulse.Kind.WORKER, "a").ok
    Pulse.objects.update(beat_at=Now() - timedelta(seconds=20))
    assert not health_of(Pulse.Kind.WORKER).ok
    Pulse.objects.update(beat_at=Now() - timedelta(hours=2))
    beat("c", Pulse.Kind.WORKER, "1+aa", {})
    assert list(Pulse.objects.values_list("pk", flat=True)) == ["c"]
