"""What people say to agents at work: it is read once, whatever the run does, and refused where nobody would read it."""

import json
from typing import Any

import pytest

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import calls, says
from runs.control.answers import answer
from runs.control.commands import send_command
from runs.control.messages import LONGEST, say_to_agent
from runs.log.run_log import load
from runs.models import Command, Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.problems import ApiProblem
from tenants.roles import MemberRole
from tests.runs.factories import World, chain, digest_shown, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.web.test_api import Browser
from tests.runs.worker.test_worker import ends

WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}
ASK = {"id": "ask", "kind": "human", "params": {"title": "Go on?"}}
PLANS = {"type": "plan_and_execute", "replan": False, "review": "first"}


def document(*nodes: dict[str, Any], **agent: Any) -> dict[str, Any]:
    made = chain(*nodes, agents={"a": {"name": "Ann", "model": "scripted", "tools": ["look"], **agent}})
    for edge in made["edges"]:
        if edge["source"] == "ask":
            edge["source_port"] = "approve"
    return made


def twice(request: ModelRequest) -> ModelReply:
    """Look once, then answer with what was said by people."""
    if request.messages[-1].tool_request_id or len(request.messages) > 2:
        return says(" | ".join(message.text for message in request.messages if message.role == "user"))
    return calls(("look", "{}"))


def refusal(place: World, run: Run, to: str = "work#1", text: str = "Hurry") -> str:
    """The code of the refusal, or nothing."""
    try:
        with tenant_scope(place.tenant.pk):
            say_to_agent(run=run, by=place.user, to=to, text=text)
    except ApiProblem as problem:
        return problem.code
    return ""


def log_of(run: Run) -> list[ev.RunEvent]:
    with system_scope():
        return load(Run.objects.get(pk=run.pk))  # type: ignore[return-value]


def told(run: Run) -> list[str]:
    return [event.text for event in log_of(run) if isinstance(event, ev.AgentTold)]


def begun(run: Run, path: str) -> None:
    """Wait until the run has come so far that this effect is open."""
    wait_until(lambda: any(getattr(event, "path", "") == path for event in log_of(run)), 10, f"{path} has begun")


@pytest.fixture
def place(database: Any, resources: ScriptedResources) -> World:
    resources.models.answer = twice
    resources.tools.functions["look"] = lambda _: "nothing"
    return world(document(WORK))


def test_a_working_agent_reads_it_at_its_next_turn_and_once(place: World, worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 2  # a worker looks for commands every second
    run = place.run("Look")
    begun(run, "work#1/model.1")
    assert refusal(place, run) == ""
    done = ends(run, RunStatus.SUCCEEDED)
    assert done.output.startswith("Look | ") and done.output.count("Hurry") == 1
    assert told(run) == ["Hurry"] and place.user.name in done.output
    with system_scope():
        assert Command.objects.get(run=run).applied_at is not None


def test_it_is_said_while_the_run_waits_for_a_person(place: World, worker: RunWorker, resources: ScriptedResources) -> None:
    place = world(document(WORK, strategy=PLANS))
    resources.models.answer = lambda request: says(json.dumps({"steps": ["Do it"]})) if request.output_schema else twice(request)
    run = ends(place.run("Task"), RunStatus.WAITING)
    for text in ("One", "Two"):
        assert refusal(place, run, text=text) == ""
    wait_until(lambda: told(run) == ["One", "Two"], 10, "it is in the log")
    run = ends(run, RunStatus.WAITING)
    assert run.lease_owner == "" and run.due_at is None
    path = "work#1/review.1/human.1"
    with tenant_scope(place.tenant.pk):
        answer(run=run, by=place.user, path=path, action="go_on", digest=digest_shown(run, path))
    ends(run, RunStatus.SUCCEEDED)
    read = next(event for event in log_of(run) if isinstance(event, ev.AgentHeard))
    assert len(read.told) == 2


def test_it_is_said_while_the_run_is_paused(place: World, worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 0.5
    run = place.run("Look")
    begun(run, "work#1/model.1")
    with tenant_scope(place.tenant.pk):
        send_command(run=run, by=place.user, kind=Command.Kind.PAUSE)
    ends(run, RunStatus.PAUSED)
    assert refusal(place, run) == ""
    wait_until(lambda: told(run) == ["Hurry"], 10, "it is in the log")
    with system_scope():
        wait_until(lambda: Run.objects.get(pk=run.pk).lease_owner == "", 10, "the worker has let the run go")
    assert ends(run, RunStatus.PAUSED).due_at is None
    assert sum(event.type == "run_claimed" for event in log_of(run)) == 2, "it was taken up once, to take in what was said"
    with tenant_scope(place.tenant.pk):
        send_command(run=run, by=place.user, kind=Command.Kind.RESUME)
    assert ends(run, RunStatus.SUCCEEDED).output.count("Hurry") == 1


def test_what_nobody_would_read_is_refused_and_told_why(place: World, worker: RunWorker, resources: ScriptedResources) -> None:
    place = world(document(WORK, ASK))
    run = ends(place.run("Look"), RunStatus.WAITING)
    nowhere = (
        "work#2",
        "work",
        "",
        "/",
        "other#1",
        "work#1/model.1",
        "work#1'",
        'work#1"%',
        "work#1\n",
        "ask#1/work#1",
        "\0#1",
        "work#1~2",
    )
    for to in nowhere:
        assert refusal(place, run, to) == "unknown_step", to
    assert refusal(place, run) == "step_ended"
    assert refusal(place, run, "ask#1") == "no_agent_there"
    assert refusal(place, run, text=" \n") == "invalid_value"
    with tenant_scope(place.tenant.pk):
        send_command(run=run, by=place.user, kind=Command.Kind.CANCEL)
    ends(run, RunStatus.CANCELLED)
    assert refusal(place, run) == "run_finished"
    assert told(run) == []


def test_who_may_not_answer_may_not_speak(place: World, worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 3
    run = place.run("Look")
    begun(run, "work#1/model.1")
    viewer, operator = Browser(place, MemberRole.VIEWER), Browser(place, MemberRole.OPERATOR)
    where, said = f"runs/{run.pk}/messages", {"to": "work#1", "text": "Hurry"}
    viewer.post(where, said, 403)
    operator.post(where, {**said, "text": "x" * (LONGEST + 1)}, 400)
    operator.post(where, {**said, "extra": 1}, 400)
    operator.post(where, {"to": "work#1"}, 400)
    operator.post(f"runs/{run.pk}/commands", {"type": "tell", "path": "work#1"}, 400)
    assert operator.post(where, {**said, "to": "work#9"}, 409)["cure"]
    operator.post(where, {**said, "text": "x" * LONGEST}, 202)
    foreign = Browser(world())
    foreign.post(where, said, 404)
    assert len(ends(run, RunStatus.SUCCEEDED).output) > LONGEST
