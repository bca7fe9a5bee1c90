"""A call waits while its lease might have run out; it neither goes ahead nor gives the run up."""

import asyncio
import threading
import time
from uuid import uuid4

import pytest

from orchestrator.engine.errors import LeaseLost
from orchestrator.engine.log.status import RunStatus
from runs.leases import claim as claim_module
from runs.leases import lease
from runs.leases.claim import Claim, Ending
from runs.leases.lease import Renewal
from runs.models import Run, RunEvent
from runs.worker import worker as worker_module
from runs.worker.lease_guard import LeaseGuard
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tests.runs.factories import chain, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import AGENT, ends, started, status

LOOKS = chain(AGENT["nodes"][1], {"id": "look", "kind": "tool", "params": {"tool": "look"}}, agents=AGENT["agents"])


def claim_for(seconds: float) -> Claim:
    run = Run(pk=uuid4(), tenant_id=uuid4(), status="running")
    return Claim(run, "me", 1, "first", 0, time.monotonic() + seconds)


async def act(guard: LeaseGuard, done: list[str]) -> None:
    async with guard.passed():
        done.append("acted")


class TestTheGuard:
    async def test_whoever_surely_has_the_run_acts_at_once(self) -> None:
        done: list[str] = []
        await asyncio.wait_for(act(LeaseGuard(claim_for(5)), done), 0.5)
        assert done == ["acted"]

    async def test_a_lease_that_ran_out_by_the_own_clock_is_waited_for(self) -> None:
        claim, done = claim_for(-0.1), list[str]()
        acting = asyncio.ensure_future(act(LeaseGuard(claim), done))
        await asyncio.sleep(0.3)
        assert done == [] and not acting.done(), "neither acted nor given up"
        claim.valid_until = time.monotonic() + 5
        await asyncio.wait_for(acting, 1)
        assert done == ["acted"]

    async def test_a_lease_that_is_never_renewed_is_lost_at_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(claim_module, "RENEWAL_S", 0.3)
        claim, done = claim_for(-0.1), list[str]()
        with pytest.raises(LeaseLost, match=str(claim.run_id)):
            await asyncio.wait_for(act(LeaseGuard(claim), done), 2)
        assert done == []

    async def test_a_run_that_another_worker_has_is_lost_without_waiting(self) -> None:
        claim, done = claim_for(5), list[str]()
        claim.end(Ending.TAKEN)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(act(LeaseGuard(claim), done), 0.5)
        assert done == []

    async def test_a_closed_guard_lets_nothing_begin_and_what_has_begun_end(self) -> None:
        guard, done, go = LeaseGuard(claim_for(5)), list[str](), asyncio.Event()

        async def begun() -> None:
            async with guard.passed():
                await go.wait()
                done.append("ended")

        beginning = asyncio.ensure_future(begun())
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(guard.close())
        await asyncio.sleep(0.05)
        late = asyncio.ensure_future(act(guard, done))
        await asyncio.sleep(0.05)
        assert not closing.done() and not late.done() and done == []
        go.set()
        await asyncio.wait_for(asyncio.gather(beginning, closing), 1)
        assert done == ["ended"] and not late.done()
        late.cancel()


def has_event(run: Run, kind: str) -> bool:
    with system_scope():
        return RunEvent.objects.filter(run=run, type=kind).exists()


def test_a_worker_whose_heartbeat_stalls_calls_nothing_meanwhile_and_then_goes_on(
    worker: RunWorker, resources: ScriptedResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F16, F19"""
    usual, stalled = worker_module.renew, threading.Event()
    stalled.set()

    def renew(owner: str) -> Renewal:
        assert stalled.wait(30)
        return usual(owner)

    monkeypatch.setattr(lease, "lease_seconds", lambda: 1.0)
    monkeypatch.setattr(worker_module, "HEARTBEAT_S", 0.3)
    monkeypatch.setattr(worker_module, "renew", renew)
    called: list[object] = []
    resources.tools.functions["look"] = lambda arguments: called.append(arguments)
    resources.models.delay_s = 2.0
    run = started(worker, world(LOOKS), "x")
    wait_until(lambda: has_event(run, "effect_started"), 10, "the model is asked")
    stalled.clear()
    try:
        wait_until(lambda: len(resources.models.requests) == 1, 5, "the model was asked")
        time.sleep(3.5)
        assert called == [] and status(run) == "running", "it acted although its lease might be another's"
    finally:
        stalled.set()
    run = ends(run, RunStatus.SUCCEEDED)
    assert len(called) == 1 and len(resources.models.requests) == 1
    assert (run.lease_epoch, run.crashes) == (1, 0)
