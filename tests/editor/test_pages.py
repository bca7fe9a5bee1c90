"""The editor's pages: lists, forms, and what each role is offered."""

import pytest
from django.test import Client

from editor.graphs import views
from editor.graphs.actions import install_starter
from editor.models import Graph, LibraryAgent
from editor.starters.catalog import Starter
from tenants.isolation.scope import tenant_scope
from tenants.roles import MemberRole
from tests.tenants.cast import House, graph_document

STARTER = Starter("triage", "Ticket triage", "Sorts tickets.", graph_document("Ticket triage"), {}, {})


@pytest.fixture(autouse=True)
def starters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "shipped_starters", lambda: (STARTER,))


def test_the_list_shows_graphs_and_templates(alpha: House) -> None:
    page = alpha.client().get("/").content.decode()
    assert "alpha-graph" in page and "Ticket triage" in page and "New graph" in page


def test_a_viewer_is_offered_nothing_they_may_not_do(alpha: House) -> None:
    page = alpha.client(alpha.member("viewer", MemberRole.VIEWER)).get("/").content.decode()
    assert "alpha-graph" in page
    assert not any(word in page for word in ("New graph", "Use this template", "Duplicate", "Delete", "Access"))


def test_the_first_graph_to_run_is_one_that_runs_as_it_stands(alpha: House) -> None:
    assert alpha.client().get("/").context["to_begin_with"] is None
    with tenant_scope(alpha.tenant.id):
        install_starter(starter=STARTER, tenant=alpha.tenant, by=alpha.owner)
    assert alpha.client().get("/").context["to_begin_with"].slug == "triage"


def test_an_empty_list_says_what_belongs_there(alpha: House) -> None:
    alpha.client().post("/graphs/alpha-graph/delete/")
    assert "No graphs yet" in alpha.client().get("/").content.decode()


def test_a_template_is_one_click_away(alpha: House) -> None:
    assert alpha.client().post("/graphs/", {"starter": "triage"}).headers["Location"] == "/graphs/ticket-triage/"
    assert alpha.client().post("/graphs/", {"title": "Mine"}).headers["Location"] == "/graphs/mine/"
    assert alpha.client().post("/graphs/", {"starter": "nonsense"}).headers["Location"] == "/"


def test_the_editor_page_gives_the_browser_what_it_needs(alpha: House) -> None:
    response = alpha.client().get("/graphs/alpha-graph/")
    assert response.context["bootstrap"]["may"] == {"edit": True, "run": True, "publish": True}
    assert response.context["bootstrap"]["tenant"]["slug"] == "alpha"
    assert "csrftoken" in response.cookies


def test_deleting_asks_first(alpha: House) -> None:
    assert "Delete “" in alpha.client().get("/graphs/alpha-graph/delete/").content.decode()
    with tenant_scope(alpha.tenant.id):
        assert Graph.objects.kept().count() == 1


def test_access_is_given_on_a_page(alpha: House) -> None:
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    client = alpha.client()
    assert client.post("/graphs/alpha-graph/access/share/", {"user": "viewer", "actions": ["run", "nonsense"]}).status_code == 302
    assert client.post("/graphs/alpha-graph/access/restrict/", {"restricted": "true"}).status_code == 302
    assert "restricted" in client.get("/").content.decode()
    shown = alpha.client(viewer).get("/api/v1/graphs/alpha-graph").json()
    assert shown["may"] == {"edit": False, "run": True, "publish": False}
    assert alpha.client(viewer).get("/graphs/alpha-graph/access/").status_code == 403


def test_an_agents_page_gives_its_form_what_it_begins_with(alpha: House) -> None:
    client = alpha.client()
    given = client.get("/agents/new/").context["bootstrap"]
    assert (given["slug"], given["may"], given["agent"]) == (None, {"edit": True}, {"name": ""})
    page = client.get("/agents/alpha-agent/")
    with tenant_scope(alpha.tenant.id):
        row = LibraryAgent.objects.get(slug="alpha-agent")
    given = page.context["bootstrap"]
    assert (given["slug"], given["revision"], given["agent"]) == ("alpha-agent", row.revision, row.document)
    assert "csrftoken" in page.cookies


def test_what_a_form_sends_keeps_every_part_of_the_agent(alpha: House) -> None:
    """A change of one field leaves the memory and the plan as they were."""
    client = alpha.client()
    long_term = {"on": True, "space": "zoo", "retrieval": {"strategy": "recency"}}
    agent = {"name": "Writer", "model": "demo", "memory": {"long_term": long_term}, "strategy": {"type": "reflection", "max_rounds": 9}}
    made = client.post("/api/v1/agents", {"agent": agent}, content_type="application/json").json()
    assert made["slug"] == "writer"
    given = client.get("/agents/writer/").context["bootstrap"]
    body = {"agent": given["agent"] | {"name": "Author"}, "revision": given["revision"]}
    saved = client.put("/api/v1/agents/writer", body, content_type="application/json").json()["agent"]
    assert saved["name"] == "Author" and saved["strategy"]["max_rounds"] == 9
    assert saved["memory"]["long_term"]["space"] == "zoo" and saved["memory"]["long_term"]["retrieval"]["strategy"] == "recency"
    stale = client.put("/api/v1/agents/writer", body, content_type="application/json")
    assert stale.status_code == 409 and stale.json()["details"]["revision"] == 2


def test_an_agent_is_deleted_on_its_page(alpha: House) -> None:
    client = alpha.client()
    assert client.post("/agents/alpha-agent/delete/").status_code == 302
    assert client.get("/agents/alpha-agent/").status_code == 404


def test_a_viewer_reads_an_agent_and_cannot_save_it(alpha: House) -> None:
    client = alpha.client(alpha.member("viewer", MemberRole.VIEWER))
    page = client.get("/agents/alpha-agent/")
    assert page.status_code == 200 and page.context["bootstrap"]["may"] == {"edit": False}
    assert "Delete this agent" not in page.content.decode()
    assert "alpha-agent" in client.get("/agents/").content.decode()
    assert client.post("/agents/alpha-agent/").status_code == 405
    assert client.get("/agents/new/").status_code == 403


def test_an_api_key_opens_no_page(alpha: House) -> None:
    assert Client().get("/", headers={"Authorization": f"Bearer {alpha.secret}"}).status_code == 302
