"""The REST API: start, look, command, answer."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from orchestrator.engine.log.status import RunStatus
from runs.models import Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope
from tenants.roles import MemberRole
from tests.runs.factories import World, member, world
from tests.runs.live.test_sockets import add_events
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import AGENT, QUESTION, ends, status

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


class Browser:
    """Somebody signed in, speaking JSON."""

    def __init__(self, place: World, role: MemberRole | None = None) -> None:
        self.user = member(place.tenant, role) if role else place.user
        self.client = Client()
        self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")

    def get(self, path: str, expected: int = 200) -> Any:
        response = self.client.get(f"/api/v1/{path}")
        assert response.status_code == expected, response.content
        return response.json() if "json" in response["Content-Type"] else response.content.decode()

    def post(self, path: str, body: Any, expected: int) -> Any:
        response = self.client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert response.status_code == expected, response.content
        return response.json()


@pytest.fixture
def place(database: Any) -> World:
    return world(AGENT)


@pytest.fixture
def browser(place: World) -> Browser:
    return Browser(place)


def test_a_started_run_is_executed_and_can_be_read(worker: RunWorker, browser: Browser) -> None:
    made = browser.post("graphs/graph/runs", {"input": {"n": 1}}, 201)
    run = Run(pk=made["id"])
    wait_until(lambda: status(run) == "succeeded", 5, "the run has ended")
    read = browser.get(f"runs/{made['id']}")
    assert (read["status"], read["input"], read["output"], read["version"]) == ("succeeded", {"n": 1}, "done", 1)
    assert read["usage"]["calls"] == 1 and read["may"] == {"cancel": True, "answer": True} and read["document"]["nodes"]
    log = browser.get(f"runs/{made['id']}/events?after=0")
    assert [event["seq"] for event in log["events"]] == list(range(1, read["last_seq"] + 1)) and log["more"] is False
    rest = browser.get(f"runs/{made['id']}/events?after=3&limit=2")
    assert [event["seq"] for event in rest["events"]] == [4, 5] and rest["more"] is True and rest["last_seq"] == 5
    assert [row["id"] for row in browser.get("runs?graph=graph&status=succeeded")["runs"]] == [made["id"]]
    costs = browser.get("costs?by=agent")
    assert costs["rows"] == [{"key": "a", "label": "a", "calls": 1, "input_tokens": 10, "output_tokens": 10, "cost_nano_usd": 10}]


def test_pages_of_large_events_are_short_and_say_that_there_is_more(place: World, browser: Browser) -> None:
    run = place.run("x", due_at=None)
    add_events(run, 1, 1_500, padding=10_000)
    seen: list[int] = []
    more = True
    while more:
        page = browser.get(f"runs/{run.pk}/events?after={len(seen)}")
        assert 0 < len(page["events"]) < 800
        seen += [event["seq"] for event in page["events"]]
        assert page["last_seq"] == len(seen)
        more = page["more"]
    assert seen == list(range(1, 1_501))


def test_another_tenants_run_is_missing_in_the_same_words_as_one_that_never_was(browser: Browser, place: World) -> None:
    foreign = world(AGENT).run("secret")
    for path in ("", "/events", "/table.csv", f"/blobs/{'0' * 64}"):
        assert browser.get(f"runs/{foreign.pk}{path}", 404) == browser.get(f"runs/{uuid4()}{path}", 404)
    body = {"type": "cancel"}
    assert browser.post(f"runs/{foreign.pk}/commands", body, 404) == browser.post(f"runs/{uuid4()}/commands", body, 404)
    own = place.run("mine")
    assert browser.get(f"runs/{own.pk}")["input"] == "mine"


def test_a_viewer_sees_runs_but_starts_and_commands_none(place: World) -> None:
    run, viewer = place.run("x"), Browser(place, MemberRole.VIEWER)
    assert viewer.get(f"runs/{run.pk}")["may"] == {"cancel": False, "answer": False}
    viewer.post("graphs/graph/runs", {"input": 1}, 403)
    viewer.post(f"runs/{run.pk}/commands", {"type": "cancel"}, 403)


def test_wrong_bodies_are_refused_with_a_cure(browser: Browser) -> None:
    for body in ({"inputs": 1}, {"version": "1"}, {"draft": 1}, []):
        assert browser.post("graphs/graph/runs", body, 400)["detail"]
    browser.post("graphs/graph/runs", {"version": 99}, 404)
    browser.get("runs?cursor=%21", 400)
    browser.get("runs?status=odd", 400)
    browser.get("costs?by=odd", 400)


def test_an_input_that_does_not_fit_the_graph_starts_nothing(database: Any) -> None:
    place = world({**AGENT, "inputs": {"type": "object", "required": ["text"]}})
    assert Browser(place).post("graphs/graph/runs", {"input": {}}, 400)["code"] == "invalid_input"
    with system_scope():
        assert not Run.objects.exists()


def test_pages_follow_one_another_without_gap_or_repetition(place: World, browser: Browser) -> None:
    made = {str(place.run(index).pk) for index in range(120)}
    seen: list[str] = []
    following: str | None = ""
    while following is not None:
        page = browser.get(f"runs?cursor={following}" if following else "runs")
        seen += [row["id"] for row in page["runs"]]
        following = page["next"]
    assert len(seen) == 120 and set(seen) == made


def test_the_same_answer_twice_counts_once_and_another_call_is_refused(worker: RunWorker, database: Any) -> None:
    """A01, A02, A04"""
    place = world(QUESTION)
    browser, viewer = Browser(place), Browser(place, MemberRole.VIEWER)
    run = ends(place.run({"n": 1}), RunStatus.WAITING)
    [asked] = browser.get("approvals")["approvals"]
    reply = {"type": "answer", "path": asked["path"], "action": "approve", "digest": asked["digest"]}
    where = f"runs/{run.pk}/commands"
    assert viewer.get("approvals") == {"approvals": [], "next": None}
    viewer.post(where, reply, 403)
    browser.post(where, {**reply, "digest": "0" * 64}, 409)
    browser.post(where, {**reply, "action": "explode"}, 400)
    browser.post(where, {**reply, "path": "elsewhere#1"}, 409)
    browser.post(where, reply, 202)
    assert browser.post(where, reply, 409)["code"] in ("already_decided", "run_finished")
    ends(run, RunStatus.SUCCEEDED)
    assert browser.post(where, reply, 409)["code"] == "run_finished"
    assert browser.get("approvals") == {"approvals": [], "next": None}


def test_commands_are_refused_when_they_make_no_sense(
    browser: Browser, place: World, worker: RunWorker, resources: ScriptedResources
) -> None:
    resources.models.delay_s = 3
    run = ends(place.run("x"), RunStatus.RUNNING)
    where = f"runs/{run.pk}/commands"
    browser.post(where, {"type": "resume"}, 409)
    browser.post(where, {"type": "explode"}, 400)
    browser.post(where, {"type": "pause"}, 202)
    browser.post(where, {"type": "pause"}, 409)
    browser.post(where, {"type": "cancel"}, 202)
    ends(run, RunStatus.CANCELLED)
    browser.post(where, {"type": "cancel"}, 409)


def test_a_table_quotes_what_spreadsheets_would_execute(browser: Browser, place: World) -> None:
    """P11"""
    rows = [{"id": 1, "text": "=1+1", "more": {"a": "-x"}}, {"id": -2, "text": 'fine, "quoted"', "tags": ["a"]}]
    run = place.run("x", output={"rows": rows}, status="succeeded", due_at=None)
    text = browser.get(f"runs/{run.pk}/table.csv?path=rows")
    assert text.splitlines() == ["id,text,more.a,tags", "1,'=1+1,'-x,", '-2,"fine, ""quoted""",,"[""a""]"']
    browser.get(f"runs/{run.pk}/table.csv?path=rows.0", 400)
    browser.get(f"runs/{run.pk}/table.csv?path=none", 400)
