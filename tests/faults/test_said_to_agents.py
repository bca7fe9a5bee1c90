"""What was said to a working agent outlives its worker, and is read once."""

from collections.abc import Callable

import pytest

from orchestrator.engine.log import events as ev
from runs.control.messages import say_to_agent
from runs.log.run_log import load
from runs.models import Command, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tests.faults.oracle import check
from tests.faults.processes import Processes, kill
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.services import wait_until

WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}
AGENTS = {"a": {"name": "Ann", "model": "scripted", "tools": ["save"]}}


def events(run: Run) -> list[ev.RunEvent]:
    with system_scope():
        return load(Run.objects.get(pk=run.pk))  # type: ignore[return-value]


def has(run: Run, kind: str) -> Callable[[], bool]:
    return lambda: any(event.type == kind for event in events(run))


@pytest.mark.parametrize("dies", ["before it took the message", "after it took the message"])
def test_a_message_survives_its_worker_and_is_read_once(dies: str, database: Database, processes: Processes, sink: ModelServer) -> None:
    place = world(chain(WORK, agents=AGENTS))
    victim = processes.start(database.url, model_s=1.5)
    run = place.run("x")
    wait_until(has(run, "effect_started"), 20, "the agent is at work")
    if dies == "before it took the message":
        kill(victim)
    with tenant_scope(place.tenant.pk):
        say_to_agent(run=run, by=place.user, to="work#1", text="Hurry")
    if dies == "after it took the message":
        wait_until(has(run, "agent_told"), 10, "the message is in the log")
        kill(victim)
    processes.start(database.url, model_s=0.1)
    wait_until(has(run, "run_succeeded"), 30, "the run has ended")
    processes.kill_all()
    check(sink)
    [told] = [event for event in events(run) if isinstance(event, ev.AgentTold)]
    [heard] = [event for event in events(run) if isinstance(event, ev.AgentHeard)]
    assert (told.text, told.by_id, heard.told) == ("Hurry", str(place.user.pk), (told.seq,))
    with system_scope():
        assert Command.objects.get(run=run).applied_at is not None
