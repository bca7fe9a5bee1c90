"""Whom a run's rows name may go at any moment: the log goes on, and what was paid stays."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.db import connection
from django.db.models import ForeignKey

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import says
from runs.control.answers import answer
from runs.log.rebuild import rebuild
from runs.models import Approval, Blob, ModelUse, Run, RunEvent
from runs.projections import approval_rows
from runs.web.costs import costs
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import TenantOwned, User
from tenants.people.api_keys import create_api_key
from tenants.roles import MemberRole
from tests.runs.factories import digest_shown, member, world
from tests.runs.projections.test_rebuild import ASKED
from tests.runs.resources import ScriptedResources
from tests.runs.worker.test_worker import AGENT, QUESTION, ends, started

LIVES_AS_LONG_AS_THE_RUN = {"tenant", "run", "graph"}
"""The run's own row keeps them."""


@pytest.mark.parametrize("model", [RunEvent, Blob, Approval, ModelUse])
def test_the_logs_transaction_refers_only_to_what_the_run_keeps(model: type[TenantOwned]) -> None:
    """A constraint on anything else is checked when the writer commits, and would be taken for the run's fault."""
    checked = {field.name for field in model._meta.concrete_fields if isinstance(field, ForeignKey) and field.db_constraint}
    assert checked <= LIVES_AS_LONG_AS_THE_RUN


def delete(person: User) -> None:
    with system_scope():
        person.delete()


def in_the_middle(resources: ScriptedResources, happens: Callable[[], None]) -> Event:
    """It happens while the first model call of the run is under way."""
    happened = Event()

    def reply(_request: ModelRequest) -> ModelReply:
        if not happened.is_set():
            elsewhere(happens)
            happened.set()
        return says("done")

    resources.models.answer = reply
    return happened


def test_whoever_started_a_run_is_deleted_while_it_works(worker: RunWorker, resources: ScriptedResources) -> None:
    place = world(AGENT)
    starter, reader = place.user, member(place.tenant, MemberRole.OWNER)
    with tenant_scope(place.tenant.pk):
        key = create_api_key(tenant=place.tenant, user=starter)
    happened = in_the_middle(resources, lambda: delete(User.objects.get(pk=starter.pk)))
    run = place.run("x", api_key=key.row)
    worker.admit(run.tenant_id, run.pk)
    run = ends(run, RunStatus.SUCCEEDED)
    assert happened.is_set() and len(resources.models.requests) == 1
    assert (run.crashes, run.lease_epoch) == (0, 1)
    assert (run.created_by_id, run.api_key_id) == (None, None)
    with tenant_scope(place.tenant.pk):
        shown = costs(reader, by="user")
        use = ModelUse.objects.get(run=run)
    assert use.user_id == starter.pk
    assert [(row["key"], row["label"], row["calls"]) for row in shown["rows"]] == [(str(starter.pk), str(starter.pk), 1)]
    assert shown["total"]["calls"] == 1


def test_what_a_person_had_used_stays_theirs_when_they_are_deleted(worker: RunWorker, resources: ScriptedResources) -> None:
    place = world(AGENT)
    reader = member(place.tenant, MemberRole.OWNER)
    ends(started(worker, place, "before"), RunStatus.SUCCEEDED)
    in_the_middle(resources, lambda: delete(User.objects.get(pk=place.user.pk)))
    ends(started(worker, place, "meanwhile"), RunStatus.SUCCEEDED)
    with tenant_scope(place.tenant.pk):
        [row] = costs(reader, by="user")["rows"]
        [narrowed] = costs(reader, by="agent", only={"user": str(place.user.pk)})["rows"]
    assert (row["key"], row["calls"], narrowed["calls"]) == (str(place.user.pk), 2, 2)


def elsewhere(work: Callable[[], None]) -> None:
    """Done when this returns, over another connection."""

    def do() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=do)
    thread.start()
    thread.join()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_whoever_answered_is_deleted_while_the_answer_is_written(worker: RunWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """As late as can be: between the statement that names the person and the commit. SQLite has one writer."""
    place = world(QUESTION)
    person = member(place.tenant, MemberRole.OWNER)
    run = ends(started(worker, place, "x"), RunStatus.WAITING)
    usual = approval_rows._close
    identity = person.pk

    def close(closed: Run, outcome: approval_rows.Outcome) -> None:
        usual(closed, outcome)
        monkeypatch.setattr(approval_rows, "_close", usual)
        elsewhere(lambda: delete(person))

    monkeypatch.setattr(approval_rows, "_close", close)
    with tenant_scope(place.tenant.pk):
        answer(run=run, by=person, path=ASKED, action="approve", digest=digest_shown(run, ASKED))
    run = ends(run, RunStatus.SUCCEEDED)
    with system_scope():
        question = Approval.objects.get(run=run)
        assert not User.objects.filter(pk=identity).exists()
        assert rebuild(run, keep=False) == []
    assert (run.crashes, run.lease_epoch) == (0, 2)
    assert (question.status, question.action, question.decided_by_id) == ("decided", "approve", identity)
