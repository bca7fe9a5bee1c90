"""A worker takes runs up, keeps them, and lets them go."""

from uuid import uuid4

from django.db.models.functions import Now

from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import says
from runs.log.run_log import load
from runs.models import Approval, Command, ModelUse, Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tests.runs.factories import World, chain, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until

AGENT = chain(
    {"id": "work", "kind": "agent", "params": {"agent": "a"}},
    agents={"a": {"name": "Ann", "model": "scripted", "instructions": "Help."}},
)
QUESTION = chain({"id": "ask", "kind": "human", "params": {"mode": "question"}})
QUESTION["edges"][1]["source_port"] = "approve"


def status(run: Run) -> str:
    with system_scope():
        return Run.objects.values_list("status", flat=True).get(pk=run.pk)


def ends(run: Run, expected: RunStatus, seconds: float = 10) -> Run:
    wait_until(lambda: status(run) == expected.value, seconds, f"run is {expected}")
    with system_scope():
        return Run.objects.get(pk=run.pk)


def command(run: Run, kind: str, **body: object) -> None:
    with system_scope():
        Command.objects.create(tenant_id=run.tenant_id, run=run, kind=kind, body={"by": "ann", "comment": "", **body})
        Run.objects.filter(pk=run.pk, lease_owner="").update(due_at=Now())


def started(worker: RunWorker, place: World, run_input: object = None) -> Run:
    run = place.run(run_input)
    worker.admit(run.tenant_id, run.pk)
    return run


def test_a_hinted_run_is_executed_and_its_row_follows_the_log(worker: RunWorker) -> None:
    run = ends(started(worker, world(AGENT), "Hello"), RunStatus.SUCCEEDED)
    with system_scope():
        state = fold(load(run))
        use = ModelUse.objects.get(run=run)
    assert run.output == state.output == "done"
    assert (run.last_seq, run.status) == (state.last_seq, state.status)
    assert (run.calls, run.input_tokens, run.cost_nano_usd) == (1, state.usage.input_tokens, state.usage.cost_nano_usd)
    assert (use.agent, use.model, use.input_tokens) == ("a", "scripted", 10)
    assert run.lease_owner == "" and run.due_at is None and run.finished_at is not None


def test_a_run_without_a_hint_is_found(worker: RunWorker) -> None:
    ends(world().run("x"), RunStatus.SUCCEEDED, 5)


def test_a_hint_for_another_tenant_or_an_unknown_run_does_nothing(worker: RunWorker) -> None:
    run = world().run("x", due_at=None)
    worker.admit(uuid4(), run.pk)
    worker.admit(run.tenant_id, uuid4())
    worker.admit(run.tenant_id, run.pk)
    ends(started(worker, world(), "y"), RunStatus.SUCCEEDED)
    assert status(run) == "queued"


def test_many_runs_live_on_one_worker_at_the_same_time(worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 0.5
    place = world(AGENT)
    runs = [started(worker, place, index) for index in range(60)]
    for run in runs:
        ends(run, RunStatus.SUCCEEDED, 8)


def test_a_waiting_run_leaves_the_worker_and_goes_on_with_the_answer(worker: RunWorker) -> None:
    run = ends(started(worker, world(QUESTION), {"n": 1}), RunStatus.WAITING)
    with system_scope():
        asked = Approval.objects.get(run=run)
    assert run.lease_owner == "" and asked.status == "pending" and asked.request["payload"] == {"n": 1}
    command(run, "answer", path=asked.path, answer={"action": "approve", "value": None, "comment": ""})
    run = ends(run, RunStatus.SUCCEEDED)
    with system_scope():
        assert Command.objects.get(run=run).applied_at is not None


def test_a_timer_wakes_the_run(worker: RunWorker) -> None:
    run = started(worker, world(chain({"id": "rest", "kind": "wait", "params": {"seconds": 3}})), "x")
    ends(run, RunStatus.WAITING)
    ends(run, RunStatus.SUCCEEDED, 8)


def test_a_running_run_is_cancelled(worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 30
    run = ends(started(worker, world(AGENT), "x"), RunStatus.RUNNING)
    command(run, "cancel", comment="enough")
    run = ends(run, RunStatus.CANCELLED, 4)
    assert run.error["message"] == "enough"


def test_pause_lets_the_call_end_and_resume_goes_on(worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 2.5
    run = ends(started(worker, world(AGENT), "x"), RunStatus.RUNNING)
    command(run, "pause")
    run = ends(run, RunStatus.PAUSED)
    assert run.lease_owner == "" and run.due_at is None
    command(run, "resume")
    ends(run, RunStatus.SUCCEEDED)
    assert len(resources.models.requests) == 1


def test_a_run_that_cannot_start_is_crashed_by_name(worker: RunWorker) -> None:
    run = ends(started(worker, world({"nodes": "none"}), "x"), RunStatus.CRASHED)
    assert "invalid_document" in run.error["message"]


def test_a_run_that_lost_three_workers_at_the_same_place_is_given_up(worker: RunWorker) -> None:
    run = world().run("x", lease_owner="gone", lease_epoch=3, crashes=2)
    worker.admit(run.tenant_id, run.pk)
    run = ends(run, RunStatus.CRASHED)
    assert "repeated_crash" in run.error["message"]


def test_a_stopping_worker_gives_its_runs_to_the_others_at_once(worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.delay_s = 6.5
    place = world(AGENT)
    run = ends(started(worker, place, "x"), RunStatus.RUNNING)
    other = RunWorker(ScriptedResources())
    other.start()
    worker.stop()
    try:
        run = ends(run, RunStatus.SUCCEEDED, 3)
    finally:
        other.stop()
    assert run.crashes == 0 and run.lease_epoch == 2


def test_a_model_that_answers_after_the_lease_was_lost_writes_nothing(worker: RunWorker, resources: ScriptedResources) -> None:
    resources.models.answer = lambda _request: says("late")
    resources.models.delay_s = 2
    run = ends(started(worker, world(AGENT), "x"), RunStatus.RUNNING)
    with system_scope():
        Run.objects.filter(pk=run.pk).update(lease_owner="another", lease_epoch=9)
        before = Run.objects.get(pk=run.pk).last_seq
    wait_until(lambda: not worker._active, 5, "the worker has let go")
    with system_scope():
        assert Run.objects.get(pk=run.pk).last_seq == before
