"""Each projection alone, and all of them made anew from the logs of real runs."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import ROOT, NodeId, Path, Scope
from orchestrator.engine.log import events as ev
from orchestrator.engine.testing import says
from runs.control.answers import answer
from runs.log.rebuild import rebuild
from runs.models import Approval, ModelUse, Run
from runs.projections.approval_rows import ApprovalRows
from runs.projections.fact import facts_of
from runs.projections.model_uses import ModelUses
from runs.projections.run_row import RunRow
from runs.projections.used import Used
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.factories import World, chain, digest_shown, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import status

ASKED = Path("ask#1/human.1")


def asked(path: Path = ASKED, seq: int = 1) -> ev.EffectStarted:
    return ev.EffectStarted(seq=seq, at_us=seq, path=path, kind="human", fingerprint="f", request={"title": "Go on?"})


def failed_item(scope: Scope, seq: int) -> ev.ScopeFinished:
    return ev.ScopeFinished(seq=seq, at_us=seq, scope=scope, error={"code": "timeout", "message": "late"})  # type: ignore[arg-type]


class TestFacts:
    def test_an_end_knows_how_its_effect_started_in_an_earlier_batch(self) -> None:
        known: dict[Path, ev.EffectStarted] = {}
        facts_of([asked()], known)
        [fact] = facts_of([ev.EffectFinished(seq=2, at_us=2, path=ASKED)], known)
        assert fact.begun is not None and fact.begun.kind == "human" and known == {}

    def test_a_failed_item_cuts_off_what_was_asked_below_it_and_nothing_beside_it(self) -> None:
        """`item.1` is not above `item.10`."""
        below, beside = Path("m#1/item.1/ask#1/human.1"), Path("m#1/item.10/ask#1/human.1")
        known: dict[Path, ev.EffectStarted] = {}
        *_, fact = facts_of([asked(below), asked(beside, 2), failed_item(Scope("m#1/item.1"), 3)], known)
        assert [cut.path for cut in fact.cut_off] == [below] and list(known) == [beside]

    def test_what_is_asked_about_a_call_of_unknown_outcome_outlives_its_item(self) -> None:
        pay = ev.EffectStarted(seq=1, at_us=1, path=Path("m#1/item.1/pay#1/tool.1"), kind="tool", fingerprint="f", safety=Safety.UNSAFE)
        about = asked(Path(f"{pay.path}/outcome.1"), 2)
        known: dict[Path, ev.EffectStarted] = {}
        *_, fact = facts_of([pay, about, failed_item(Scope("m#1/item.1"), 3)], known)
        assert fact.cut_off == () and list(known) == [pay.path, about.path]


class TestOneProjectionAlone:
    def run(self) -> Run:
        return Run(status="queued")

    def test_the_row_is_left_to_nobody_only_by_the_last_event(self) -> None:
        events = [ev.RunSuspended(seq=1, at_us=1), ev.RunClaimed(seq=2, at_us=2, worker="w", epoch=2, cause="woken")]
        change = RunRow().read(self.run(), facts_of(events, {}))
        assert not change.released and change.status == "running"
        assert RunRow().read(self.run(), facts_of(events[:1], {})).released

    def test_a_claim_of_a_paused_run_leaves_it_paused(self) -> None:
        events = [ev.RunPaused(seq=1, at_us=1), ev.RunClaimed(seq=2, at_us=2, worker="w", epoch=2, cause="woken")]
        assert RunRow().read(self.run(), facts_of(events, {})).status == "paused"

    def test_failed_calls_that_were_paid_are_uses(self) -> None:
        path = Path("a#1/model.1")
        error: Any = {"code": "model_bad_reply", "message": "no"}
        events = [
            ev.EffectStarted(seq=1, at_us=1, path=path, kind="model", name="m", agent="ann", fingerprint="f"),
            ev.EffectAttemptFailed(seq=2, at_us=2, path=path, attempt=1, error=error, retry_in_s=1, usage=Usage(input_tokens=2)),
            ev.EffectFailed(seq=3, at_us=3, path=path, error=error, usage=Usage(input_tokens=3)),
        ]
        uses = ModelUses().read(self.run(), facts_of(events, {})) or []
        assert [(use.seq, use.agent, use.model, use.input_tokens) for use in uses] == [(2, "ann", "m", 2), (3, "ann", "m", 3)]
        assert RunRow().read(self.run(), facts_of(events, {})).used == Used(calls=2, input_tokens=5)

    def test_what_changes_nothing_is_no_change(self) -> None:
        started = ev.NodeStarted(seq=1, at_us=1, path=Path("a#1"), scope=ROOT, node=NodeId("a"), activation=1)
        facts = facts_of([started], {})
        assert ApprovalRows().read(self.run(), facts) is None and ModelUses().read(self.run(), facts) is None


ASK = {"id": "ask", "kind": "human", "params": {"title": "Go on?"}}
WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}


def answered_run(worker: RunWorker, resources: ScriptedResources) -> tuple[World, Run]:
    """A run that asked a model, then a person, and has ended."""
    resources.models.answer = lambda _request: says("done")
    document = chain(WORK, ASK, agents={"a": {"name": "Ann", "model": "scripted"}})
    document["edges"][2]["source_port"] = "approve"
    place = world(document)
    run = place.run("x")
    worker.admit(run.tenant_id, run.pk)
    wait_until(lambda: status(run) == "waiting", 10, "the run asks")
    with tenant_scope(place.tenant.pk):
        answer(run=run, by=place.user, path=ASKED, action="approve", digest=digest_shown(run, ASKED))
    wait_until(lambda: status(run) == "succeeded", 10, "the run has ended")
    return place, run


@pytest.fixture
def ended(worker: RunWorker, resources: ScriptedResources) -> tuple[World, Run]:
    return answered_run(worker, resources)


def test_the_question_follows_the_log(ended: tuple[World, Run]) -> None:
    place, run = ended
    with system_scope():
        asked = Approval.objects.get(run=run)
        assert (asked.status, asked.action, asked.decided_by_id) == ("decided", "approve", place.user.pk)


def test_what_was_read_as_it_happened_is_what_the_whole_log_says(ended: tuple[World, Run]) -> None:
    _, run = ended
    with system_scope():
        assert rebuild(run, keep=False) == []
        assert ModelUse.objects.filter(run=run).count() == 1


def test_rows_that_were_changed_by_hand_are_found_and_made_anew(ended: tuple[World, Run]) -> None:
    _, run = ended
    with system_scope():
        Run.objects.filter(pk=run.pk).update(calls=7, status="failed")
        Approval.objects.filter(run=run).update(action="reject")
        ModelUse.objects.filter(run=run).delete()
        found = {one.projection: one for one in rebuild(run, keep=False)}
        assert {one.run for one in found.values()} == {str(run.pk)}
        assert [(row["calls"], row["status"]) for row in (*found["runs"].stored, *found["runs"].read)] == [(7, "failed"), (1, "succeeded")]
        assert [row["action"] for row in (*found["approvals"].stored, *found["approvals"].read)] == ["reject", "approve"]
        assert (len(found["model_uses"].stored), len(found["model_uses"].read)) == (0, 1)
        out = StringIO()
        with pytest.raises(CommandError, match="not what the logs say"):
            call_command("projections", stdout=out)
        assert all(name in out.getvalue() for name in (f"{run.pk} runs", f"{run.pk} approvals", f"{run.pk} model_uses"))
        assert Run.objects.get(pk=run.pk).calls == 7, "looking changes nothing"
        call_command("projections", "--rebuild", stdout=StringIO())
        call_command("projections", stdout=StringIO())
        row = Run.objects.get(pk=run.pk)
        assert (row.calls, row.status, ModelUse.objects.filter(run=run).count()) == (1, "succeeded", 1)


def test_a_run_that_waits_keeps_its_wake_time(worker: RunWorker) -> None:
    """Leases and due times are nobody's reading of the log."""
    place = world(chain({"id": "wait", "kind": "wait", "params": {"seconds": 3600}}))
    run = place.run("x")
    worker.admit(run.tenant_id, run.pk)
    wait_until(lambda: status(run) == "waiting", 10, "the run waits")
    with system_scope():
        due = Run.objects.get(pk=run.pk).due_at
        assert rebuild(run, keep=True) == [] and due is not None
        assert Run.objects.filter(pk=run.pk, due_at=due, due_at__gt=Now()).exists()


@pytest.mark.usefixtures("database")
def test_a_run_that_no_worker_has_begun_stays_as_it_was_made() -> None:
    run = world().run("x")
    with system_scope():
        assert rebuild(run, keep=True) == []
        assert (Run.objects.get(pk=run.pk).status, Run.objects.filter(pk=run.pk, due_at__isnull=False).exists()) == ("queued", True)
        Run.objects.filter(pk=run.pk).update(status="running")
        assert [one.projection for one in rebuild(run, keep=True)] == ["runs"]
        assert Run.objects.get(pk=run.pk).status == "queued"
