"""A run that waits for another one, and the worker dies wherever it hurts: one child, one end, nobody waits for ever."""

import pytest

from runs.models import Run
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check
from tests.faults.processes import Processes, alive
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain
from tests.runs.services import wait_until
from tests.runs.worker.test_child_runs import family

WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}
SAVE = {"id": "save", "kind": "tool", "params": {"tool": "save", "arguments": {"text": "{{ input }}"}}}
REST = {"id": "rest", "kind": "wait", "params": {"seconds": 2.5}}
CHILD = chain(WORK, REST, SAVE, agents={"a": {"name": "Ann", "model": "scripted"}})


@pytest.mark.parametrize("failpoint", ["claimed", "before_model", "result_committed_not_advanced", "tool_started", "run_finalising"])
def test_a_family_survives_its_worker(failpoint: str, database: Database, processes: Processes, sink: ModelServer) -> None:
    place = family(CHILD)
    victim = processes.start(database.url, failpoint=failpoint)
    parent = place.run("x")
    wait_until(lambda: not alive(victim), 20, f"the worker died at {failpoint}")
    processes.start(database.url)
    wait_until(lambda: status_of(parent) == "succeeded", 60, "the parent has ended")
    processes.kill_all()
    check(sink)
    with system_scope():
        [child] = Run.objects.filter(parent=parent)
        assert child.status == "succeeded" and Run.objects.get(pk=parent.pk).output == child.output


def status_of(run: Run) -> str:
    with system_scope():
        return Run.objects.values_list("status", flat=True).get(pk=run.pk)
