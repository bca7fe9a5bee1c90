"""However an execution ends: its log says why, or the run is given back as due and taken up again."""

import threading
import time
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError
from django.db.models.functions import Now

from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.log.status import RunStatus
from runs.leases.stranded import stranded
from runs.log import batch
from runs.log.fence import Advance
from runs.models import Run, RunEvent
from runs.worker import intake, reading
from runs.worker import worker as worker_module
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tests.runs.factories import chain, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import AGENT, ends, started, status

RESTS = chain({"id": "rest", "kind": "wait", "params": {"seconds": 2.2}})


class Failing:
    """In place of a function: the first calls raise, the later ones are the function's."""

    def __init__(self, function: Any, error: BaseException, times: int) -> None:
        self.function, self.error, self.left = function, error, times

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.left > 0:
            self.left -= 1
            raise self.error
        return self.function(*args, **kwargs)


@pytest.mark.parametrize("document", [AGENT, RESTS], ids=["new", "woken by its timer"])
@pytest.mark.parametrize("failures", [1, 12])
def test_a_run_that_cannot_be_read_is_read_again(
    worker: RunWorker, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any], failures: int
) -> None:
    """F17"""
    run = world(document).run("x")
    if document is RESTS:
        ends(run, RunStatus.WAITING)
    monkeypatch.setattr(worker._readers, "_patience_s", 0.2)
    monkeypatch.setattr(reading, "read_run", Failing(reading.read_run, OperationalError("gone"), failures))
    run = ends(run, RunStatus.SUCCEEDED, 20)
    assert run.crashes == 0


def test_a_run_whose_authority_cannot_be_asked_is_given_back_and_goes_on(worker: RunWorker, resources: ScriptedResources) -> None:
    """F18"""
    resources.tools.functions["look"] = lambda _arguments: "seen"
    decide = Failing(resources.authority.decide, HostUnavailable("gone"), 1)
    resources.authority.decide = decide  # type: ignore[method-assign]
    run = started(worker, world(chain({"id": "look", "kind": "tool", "params": {"tool": "look"}})), "x")
    run = ends(run, RunStatus.SUCCEEDED, 10)
    assert decide.left == 0 and (run.lease_epoch, run.crashes) == (2, 0)


def test_what_the_database_refuses_to_read_is_charged_to_the_run_and_ends_it_at_last(
    worker: RunWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = world(AGENT)
    poisoned = place.run("x")
    usual = reading.read_run

    def read_run(run: Run, *args: Any) -> Any:
        if run.pk == poisoned.pk:
            raise DataError("no such thing")
        return usual(run, *args)

    monkeypatch.setattr(reading, "read_run", read_run)
    poisoned = ends(poisoned, RunStatus.CRASHED, 15)
    assert "repeated_crash" in poisoned.error["message"]
    ends(place.run("y"), RunStatus.SUCCEEDED, 10)


@pytest.mark.parametrize("tokens", [10**20, -(10**6)], ids=["too large for a column", "negative"])
def test_numbers_that_cannot_be_written_end_their_run_and_no_other(
    worker: RunWorker, resources: ScriptedResources, monkeypatch: pytest.MonkeyPatch, tokens: int
) -> None:
    """What models report is bounded where it comes in; this is what happens when something gets past that."""
    resources.models.delay_s = 0.3
    place = world(AGENT)
    healthy = [started(worker, place, f"run {number}") for number in range(8)]
    poisoned = place.run("poison", due_at=None)
    usual = batch._advance

    def advance(written: batch.Batch) -> Advance:
        row = usual(written)
        return row._replace(input_tokens=tokens) if row.run_id == poisoned.pk and row.calls else row

    monkeypatch.setattr(batch, "_advance", advance)
    with system_scope():
        Run.objects.filter(pk=poisoned.pk).update(due_at=Now())
    worker.admit(poisoned.tenant_id, poisoned.pk)
    healthy += [started(worker, place, f"run {number}") for number in range(8, 16)]
    for run in healthy:
        assert ends(run, RunStatus.SUCCEEDED, 20).crashes == 0
    poisoned = ends(poisoned, RunStatus.CRASHED, 20)
    paid = [request for request in resources.models.requests if "poison" in str(request.messages)]
    assert len(paid) <= 3, "it was paid for again and again"
    ends(started(worker, place, "afterwards"), RunStatus.SUCCEEDED, 10)


def test_a_log_of_a_later_build_is_left_for_a_worker_of_that_build(worker: RunWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    place = world(AGENT)
    run = place.run("x", status="running", last_seq=1, due_at=None)
    with system_scope():
        payload = '{"v":1,"type":"run_teleported","seq":1,"at_us":1}'
        RunEvent.objects.create(tenant_id=run.tenant_id, run=run, seq=1, type="run_teleported", at_us=1, payload=payload)
        Run.objects.filter(pk=run.pk).update(due_at=Now())
    worker.admit(run.tenant_id, run.pk)
    wait_until(lambda: run.pk in worker._intake.beyond, 10, "the worker has seen that it cannot go on with the run")
    wait_until(lambda: fields(run.pk)["lease_owner"] == "", 5, "the worker has given the run back")
    for _ in range(3):
        worker.admit(run.tenant_id, run.pk)
        ends(started(worker, place, "y"), RunStatus.SUCCEEDED, 10)
    row = fields(run.pk)
    assert (row["status"], row["crashes"], row["lease_owner"], row["lease_epoch"]) == ("running", 0, "", 1)
    with system_scope():
        assert row["due_at"] is not None and not stranded().exists()


def fields(run_id: UUID) -> dict[str, Any]:
    with system_scope():
        return Run.objects.values("status", "crashes", "lease_owner", "lease_epoch", "due_at").get(pk=run_id)


def test_a_run_that_could_not_be_given_back_is_given_back_at_a_later_heartbeat(worker: RunWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker._steward, "_patience_s", 0.1)
    monkeypatch.setattr(worker_module, "give_back", Failing(worker_module.give_back, OperationalError("gone"), 3))
    monkeypatch.setattr(worker._readers, "_patience_s", 0.0)
    monkeypatch.setattr(reading, "read_run", Failing(reading.read_run, OperationalError("gone"), 2))
    run = ends(started(worker, world(AGENT), "x"), RunStatus.SUCCEEDED, 15)
    assert run.crashes == 0 and run.lease_epoch >= 2


def test_runs_that_a_worker_owns_without_executing_them_are_given_back(worker: RunWorker) -> None:
    """As after a claim whose answer got lost."""
    run = world().run("x", lease_owner=worker.id, lease_epoch=4, status="queued")
    run = ends(run, RunStatus.SUCCEEDED, 10)
    assert (run.crashes, run.lease_epoch) == (0, 5)
    assert status(run) == "succeeded"


@pytest.mark.parametrize("way", ["claim_named", "claim_due"])
def test_what_is_claimed_while_the_worker_stops_is_given_back_at_once(worker: RunWorker, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    claim, claimed = getattr(intake, way), threading.Event()

    def slowly(*args: Any) -> Any:
        claims = claim(*args)
        if claims:
            claimed.set()
            time.sleep(0.5)
        return claims

    monkeypatch.setattr(intake, way, slowly)
    place = world(AGENT)
    run = started(worker, place, "x") if way == "claim_named" else place.run("x")
    assert claimed.wait(10)
    worker.stop()
    row = fields(run.pk)
    assert (row["lease_owner"], row["lease_epoch"], row["crashes"]) == ("", 1, 0)
    with system_scope():
        assert Run.objects.due().filter(pk=run.pk).exists()
