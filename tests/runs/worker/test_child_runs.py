"""Runs that runs start, on both databases: their end comes to whoever waits for it, and whoever ends takes them along."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from editor.models import Graph, GraphVersion
from orchestrator.engine.agents.host_tools.run_graph import SPEC
from orchestrator.engine.effects.child_run import RunWanted
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import MemoryTools
from runs.control import child_runs
from runs.leases.stranded import repair_stranded, stranded
from runs.log import batch
from runs.models import Command, Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.roles import MemberRole
from tests.runs.databases import Database
from tests.runs.factories import World, chain, member, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.web.test_memories import signed_in
from tests.runs.worker.test_worker import command, ends, started, status

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def calls(graph: str) -> dict[str, Any]:
    arguments = {"graph": graph, "input": "{{ input }}"}
    return chain({"id": "call", "kind": "tool", "params": {"tool": "run_graph", "arguments": arguments}})


ADDS = chain({"id": "add", "kind": "transform", "params": {"expression": "input.n + 1"}})
WAITS = chain({"id": "rest", "kind": "wait", "params": {"seconds": 300}})
REST = {"id": "rest", "kind": "wait", "params": {"seconds": 2.5}}
FAILS = chain({"id": "bad", "kind": "transform", "params": {"expression": "input.nothing"}})


@dataclass
class Tools(MemoryTools):
    """Lends the tool that has graphs run, and those of memory."""

    functions: dict[str, Any] = field(default_factory=dict)

    def spec(self, name: str) -> ToolSpec | None:
        return SPEC if name == SPEC.name else super().spec(name)


@pytest.fixture
def resources() -> ScriptedResources:
    return ScriptedResources(tools=Tools())


def add_graph(place: World, slug: str, document: dict[str, Any]) -> None:
    with system_scope():
        graph = Graph.objects.create(tenant=place.tenant, slug=slug, title=slug, document=document, created_by=place.user)
        GraphVersion.objects.create(
            tenant=place.tenant,
            graph=graph,
            number=1,
            revision=1,
            source=document,
            document=document,
            digest="0" * 64,
            created_by=place.user,
        )


def family(document: dict[str, Any]) -> World:
    """A graph that calls `other`, whose document is given."""
    place = world(calls("other"))
    add_graph(place, "other", document)
    return place


def children(run: Run) -> list[Run]:
    with system_scope():
        return list(Run.objects.filter(parent=run).order_by("created_at"))


def nothing_left() -> None:
    with system_scope():
        assert not Command.objects.filter(applied_at=None).exists() and not stranded().exists()


def test_a_run_goes_on_with_what_its_child_gave(worker: RunWorker, database: Database) -> None:
    place = family(ADDS)
    run = ends(started(worker, place, {"n": 6}), RunStatus.SUCCEEDED, 15)
    [child] = children(run)
    assert run.output == child.output == 7
    assert (child.trigger, child.created_by_id, child.status) == ("run", place.user.pk, "succeeded")
    nothing_left()


def test_a_run_that_waits_for_a_long_child_holds_no_worker_and_comes_back(worker: RunWorker, database: Database) -> None:
    run = started(worker, family(chain(REST, {"id": "add", "kind": "transform", "params": {"expression": "input.n + 1"}})), {"n": 6})
    assert ends(run, RunStatus.WAITING).lease_owner == ""
    assert ends(run, RunStatus.SUCCEEDED, 15).output == 7
    nothing_left()


def test_a_child_leads_to_its_parent_for_whoever_may_see_that(worker: RunWorker, database: Database) -> None:
    place = family(ADDS)
    run = ends(started(worker, place, {"n": 6}), RunStatus.SUCCEEDED, 15)
    [child] = children(run)
    editor = signed_in(member(place.tenant, MemberRole.EDITOR))
    assert editor.get(f"/api/v1/runs/{child.pk}").json()["parent_run"] == str(run.pk)
    assert editor.get(f"/api/v1/runs/{run.pk}").json()["parent_run"] is None
    with system_scope():
        Graph.objects.filter(pk=place.graph.pk).update(restricted=True)
    assert editor.get(f"/api/v1/runs/{child.pk}").json()["parent_run"] is None


def test_what_a_child_failed_with_is_said_with_its_address(worker: RunWorker, database: Database) -> None:
    run = ends(started(worker, family(FAILS), {"n": 6}), RunStatus.FAILED, 15)
    [child] = children(run)
    assert str(child.pk) in run.error["message"] and child.error["message"] in run.error["message"] and run.error["cure"]
    nothing_left()


def test_whoever_cancels_a_run_cancels_what_it_started(worker: RunWorker, database: Database) -> None:
    run = ends(started(worker, family(WAITS), {"n": 6}), RunStatus.WAITING)
    [child] = children(run)
    ends(child, RunStatus.WAITING)
    command(run, "cancel", comment="enough")
    ends(run, RunStatus.CANCELLED)
    assert ends(child, RunStatus.CANCELLED).error["message"] == "The run that had started it is over."
    nothing_left()


def test_a_child_that_somebody_cancels_fails_the_call_and_not_the_wait(worker: RunWorker, database: Database) -> None:
    run = ends(started(worker, family(WAITS), {"n": 6}), RunStatus.WAITING)
    [child] = children(run)
    ends(child, RunStatus.WAITING)
    command(child, "cancel", comment="not this one")
    assert "it ended as cancelled. not this one" in ends(run, RunStatus.FAILED).error["message"]
    nothing_left()


def test_no_graph_runs_itself_directly_or_by_another(worker: RunWorker, database: Database) -> None:
    place = world(calls("graph"))
    run = ends(started(worker, place, {"n": 1}), RunStatus.FAILED, 15)
    assert "would run itself" in run.error["message"] and children(run) == []
    place = family(calls("graph"))
    run = ends(started(worker, place, {"n": 1}), RunStatus.FAILED, 15)
    [child] = children(run)
    assert "would run itself" in child.error["message"] and children(child) == []
    nothing_left()


def test_runs_of_runs_are_bounded_in_depth_and_number(worker: RunWorker, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    place = world(calls("g1"))
    for number in range(1, 11):
        add_graph(place, f"g{number}", calls(f"g{number + 1}") if number < 10 else ADDS)
    run = ends(started(worker, place, {"n": 1}), RunStatus.FAILED, 40)
    with system_scope():
        deepest = Run.objects.filter(tenant=place.tenant).order_by("-created_at")[0]
        assert Run.objects.filter(tenant=place.tenant).count() == child_runs.DEEPEST + 1
    assert "runs stand above this call" in deepest.error["message"] and "runs stand above" in run.error["message"]
    monkeypatch.setattr(child_runs, "MOST", 0)
    assert "may start no more" in ends(started(worker, family(ADDS), {"n": 1}), RunStatus.FAILED, 15).error["message"]
    nothing_left()


@pytest.mark.parametrize("graph", ["missing", "hidden", "foreign"])
def test_what_its_person_may_not_run_is_not_there(graph: str, worker: RunWorker, database: Database) -> None:
    place, other = world(calls(graph)), world()
    add_graph(other, "foreign", ADDS)
    add_graph(place, "hidden", ADDS)
    with system_scope():
        Graph.objects.filter(slug="hidden").update(restricted=True)
    place.user = member(place.tenant, MemberRole.EDITOR)
    run = ends(started(worker, place, {"n": 1}), RunStatus.FAILED, 15)
    assert f"There is no graph '{graph}' that" in run.error["message"] and children(run) == []


def test_an_input_that_does_not_fit_is_refused_in_words(worker: RunWorker, database: Database) -> None:
    form = {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]}
    run = ends(started(worker, family({**ADDS, "inputs": form}), {"n": 1}), RunStatus.FAILED, 15)
    assert "n" in run.error["message"] and run.error["cure"] and children(run) == []


def test_an_end_that_a_stumbling_worker_told_nobody_of_is_found_by_the_scheduler(
    database: Database, broker: str, resources: ScriptedResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows after the commit may be lost with its process: the parent is due all the same."""
    monkeypatch.setattr(batch, "wake_for_commands", lambda _runs: None)
    monkeypatch.setattr(RunWorker, "_show", lambda _self, _batches: None)
    place = family(chain(REST, {"id": "add", "kind": "transform", "params": {"expression": "input.n + 1"}}))
    worker = RunWorker(resources)
    worker.start()
    try:
        run = started(worker, place, {"n": 6})
        wait_until(lambda: [status(child) for child in children(run)] == ["succeeded"], 15, "the child has ended")
        with system_scope():
            assert repair_stranded() == [run.pk]
        assert ends(run, RunStatus.SUCCEEDED, 15).output == 7
    finally:
        worker.stop()
    nothing_left()


def test_an_attempt_that_asks_again_gets_the_same_child_and_is_told_its_end_where_it_waits(database: Database) -> None:
    place = family(ADDS)
    run, wanted = place.run({"n": 6}), RunWanted(graph="other", input={"n": 6})
    with tenant_scope(place.tenant.pk):
        first = child_runs.start_child(run.pk, wanted, "key", "call#1/start_run.1/end")
        assert child_runs.start_child(run.pk, wanted, "key", "call#1.2/start_run.1/end") == first
        assert [child.awaited_at for child in children(run)] == ["call#1.2/start_run.1/end"]


def test_a_child_that_was_being_started_while_its_parent_ended_is_taken_along(database: Database, worker: RunWorker) -> None:
    """The thread that starts it hears of no cancellation."""
    place = family(WAITS)
    run = ends(started(worker, place, {"n": 6}), RunStatus.WAITING)
    command(run, "cancel", comment="enough")
    ends(run, RunStatus.CANCELLED)
    with tenant_scope(place.tenant.pk):
        late = child_runs.start_child(run.pk, RunWanted(graph="other", input={"n": 7}), "late", "call#1/start_run.2/end")
    with system_scope():
        child = Run.objects.get(pk=late)
    assert ends(child, RunStatus.CANCELLED).error["message"] == "The run that had started it is over."
    nothing_left()
