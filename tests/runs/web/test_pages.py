"""Pages: runs, approvals answered in place, costs."""

import re
from typing import Any

import pytest
from django.test import Client

from orchestrator.engine.log.status import RunStatus
from runs.models import Approval
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tenants.roles import MemberRole
from tests.runs.factories import member, world
from tests.runs.worker.test_worker import AGENT, QUESTION, ends

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.content[:500]
    return response.content.decode()


def test_the_list_shows_runs_of_the_own_tenant_and_leads_to_them(database: Any) -> None:
    place, other = world(AGENT), world(AGENT)
    run, foreign = place.run("mine", input_preview="mine"), other.run("theirs", input_preview="theirs")
    client = signed_in(place.user)
    text = page(client, "/runs/?graph=graph&status=queued")
    assert f'data-run="{run.pk}"' in text and "theirs" not in text
    assert f"/ws/runs/{run.pk}/" in page(client, f"/runs/{run.pk}/")
    assert client.get(f"/runs/{foreign.pk}/").status_code == 404
    assert client.get("/runs/?status=odd").status_code == 400
    assert "No runs here" in page(client, "/runs/?status=failed")


def test_a_question_is_answered_in_place_and_only_once(database: Any, worker: RunWorker) -> None:
    """A01, A05"""
    place = world(QUESTION)
    run = ends(place.run({"order": "<b>4711</b>"}), RunStatus.WAITING)
    client = signed_in(place.user)
    text = page(client, "/approvals/")
    assert "&lt;b&gt;4711&lt;/b&gt;" in text and "<b>4711" not in text
    fields = dict(re.findall(r'type="hidden" name="(path|digest)" value="([^"]+)"', text))
    where = f"/approvals/{run.pk}/"
    assert client.get(where).status_code == 405
    assert Client(enforce_csrf_checks=True).post(where, fields).status_code == 403
    viewer = signed_in(member(place.tenant, MemberRole.VIEWER))
    assert "Nothing waits for you" in page(viewer, "/approvals/")
    assert "Your role does not allow this" in viewer.post(where, {**fields, "action": "approve"}, follow=True).content.decode()
    assert "Your answer was taken" in client.post(where, {**fields, "action": "approve"}, follow=True).content.decode()
    again = client.post(where, {**fields, "action": "reject"}, follow=True).content.decode()
    assert "answered this already" in again or "The run has ended" in again
    ends(run, RunStatus.SUCCEEDED)


def test_costs_can_be_looked_at_from_every_side(database: Any, worker: RunWorker) -> None:
    place = world(AGENT)
    run = ends(place.run("x"), RunStatus.SUCCEEDED)
    client = signed_in(place.user)
    for by in ("run", "agent", "model", "user", "day", "graph"):
        assert "No model calls" not in page(client, f"/costs/?by={by}")
    assert f"/runs/{run.pk}/" in page(client, "/costs/?by=run&agent=a")
    assert "No model calls" in page(client, "/costs/?by=run&agent=b")
    assert client.get("/costs/?by=odd").status_code == 400
    assert "No model calls" in page(signed_in(world(AGENT).user), "/costs/?by=run")


def test_an_answer_that_cannot_be_taken_stays_in_its_form(database: Any) -> None:
    place = world()
    run = place.run("x", status="waiting", due_at=None)
    request = {"mode": "review", "title": "?", "payload": "Hello", "actions": [{"name": "approve"}, {"name": "edit"}]}
    with system_scope():
        Approval.objects.create(tenant=place.tenant, run=run, path="ask#1/human.1", request=request, digest="d")
    client = signed_in(place.user)
    form = {"path": "ask#1/human.1", "action": "approve", "value": "\nDear <you>", "comment": "why not", "digest": "d"}
    answer = client.post(f"/approvals/{run.pk}/", form)
    text = answer.content.decode()
    assert answer.status_code == 400 and "The value was changed" in text
    assert ">\n\nDear &lt;you&gt;</textarea>" in text and 'value="why not"' in text, "a browser drops the first line break"
    assert "Your answer was taken" in client.post(f"/approvals/{run.pk}/", {**form, "action": "edit"}, follow=True).content.decode()
