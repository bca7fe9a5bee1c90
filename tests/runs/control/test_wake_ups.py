"""Wake-ups: what Celery carries, what the scheduler repeats, and that none of it is needed for correctness."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db.models.functions import Now

from orchestrator.celery import app, broker_url
from orchestrator.engine.log.status import RunStatus
from runs.control.principal import Principal
from runs.control.start import start_run
from runs.health import probe
from runs.leases.lease import claim_named
from runs.live.wake_ups import OUTBOX
from runs.models import Probe, Run
from runs.worker import bootstep, tasks
from runs.worker.scheduler import Scheduler
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.factories import world
from tests.runs.services import Valkey
from tests.runs.worker.test_worker import ends, status

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def queue(valkey: Valkey) -> Any:
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        client.delete("baton")
        yield client


def test_a_message_holds_ids_only(database: Any, queue: Any) -> None:
    """T07, S01"""
    place = world()
    with tenant_scope(place.tenant.pk):
        run = start_run(graph=place.graph, principal=Principal(Run.Trigger.API, place.user), run_input="canary-4711").run
    OUTBOX.settle()
    [message] = queue.lrange("baton", 0, -1)
    assert b"canary-4711" not in message
    assert json.loads(message)["headers"]["argsrepr"] == f"('{place.tenant.pk}', '{run.pk}')"
    assert json.loads(message)["content-type"] == "application/json"


def test_a_replayed_or_forged_wake_up_does_nothing(database: Any, worker: RunWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """T07"""
    monkeypatch.setattr(bootstep, "_worker", worker)
    place = world()
    run = ends(place.run("x"), RunStatus.SUCCEEDED)
    waiting = world().run("y", due_at=None)
    tasks.admit(str(run.tenant_id), str(run.pk))
    tasks.admit(str(place.tenant.pk), str(waiting.pk))
    tasks.admit(str(uuid4()), str(uuid4()))
    ends(place.run("z"), RunStatus.SUCCEEDED)
    with system_scope():
        assert Run.objects.get(pk=run.pk).lease_epoch == 1
    assert status(waiting) == "queued"


def test_only_json_is_accepted_and_only_known_tasks_exist(database: Any) -> None:
    """T07"""
    assert app.conf.accept_content == ["json"] and not app.conf.task_acks_late
    assert {name for name in app.tasks if not name.startswith("celery.")} == {"runs.admit", "runs.probe"}
    assert broker_url("unix:///tmp/a/redis.sock") == "redis+socket:///tmp/a/redis.sock"
    assert broker_url("rediss://host:1/2") == "rediss://host:1/2"


def test_two_schedulers_wake_what_is_due_and_send_one_probe(database: Any, queue: Any) -> None:
    """F13"""
    place = world()
    due, later = place.run("x"), place.run("y", due_at=Now() + timedelta(hours=1))
    assert Scheduler().tick() == 1 and Scheduler().tick() == 1
    OUTBOX.settle()
    sent = [json.loads(message)["headers"] for message in queue.lrange("baton", 0, -1)]
    assert [header["task"] for header in sent].count("runs.probe") == 1
    assert all(str(later.pk) not in header["argsrepr"] for header in sent)
    assert sum(str(due.pk) in header["argsrepr"] for header in sent) == 2


def test_a_canary_that_nobody_hears_is_noticed(database: Any) -> None:
    with system_scope():
        assert probe.workers_consume()
        sent = Probe.objects.create(sent_at=Now() - timedelta(seconds=25))
        assert not probe.workers_consume()
        probe.mark_seen(sent.pk, "me")
        assert probe.workers_consume()
        Probe.objects.update(sent_at=Now() - timedelta(hours=1), seen_at=None)
        assert probe.workers_consume(), "nobody sends probes: that says nothing about the workers"


def test_wake_ups_that_swap_the_tenants_of_two_runs_claim_neither(database: Any) -> None:
    """T07: that each of the tenants was named is not enough."""
    run, other = world().run(), world().run()
    with system_scope():
        assert claim_named("a", 10, {run.pk: other.tenant_id, other.pk: run.tenant_id}) == []
        assert len(claim_named("a", 10, {run.pk: run.tenant_id, other.pk: run.tenant_id})) == 1
