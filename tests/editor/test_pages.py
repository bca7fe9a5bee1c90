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


FORM = {
    "name": "Writer",
    "model": "demo",
    "instructions": "Write.\r\nWell.",
    "tools": ["calculator"],
    "max_iterations": "3",
    "temperature": "0.5",
}


def test_an_agent_is_made_and_changed_on_a_page(alpha: House) -> None:
    client = alpha.client()
    assert client.post("/agents/new/", FORM).headers["Location"] == "/agents/writer/"
    with tenant_scope(alpha.tenant.id):
        document = LibraryAgent.objects.get(slug="writer").document
    assert document["limits"]["max_iterations"] == 3 and document["temperature"] == 0.5
    assert document["instructions"] == "Write.\nWell." and document["tools"] == ["calculator"]
    changed = FORM | {"name": "Author", "revision": "1", "output_schema": '{"type": "object"}'}
    assert client.post("/agents/writer/", changed).status_code == 302
    page = client.post("/agents/writer/", changed)
    assert page.status_code == 409 and "newer revision 2" in page.content.decode()
    assert client.post("/agents/writer/delete/").status_code == 302
    assert client.get("/agents/writer/").status_code == 404


def test_how_an_agent_plans_is_chosen_on_its_page_and_outlives_other_changes(alpha: House) -> None:
    client = alpha.client()
    planning = {
        "strategy": "plan_and_execute",
        "plan_and_execute.max_steps": "5",
        "plan_and_execute.review": "each",
        "reflection.max_rounds": "9",
    }
    client.post("/agents/new/", FORM | planning)
    with tenant_scope(alpha.tenant.id):
        document = LibraryAgent.objects.get(slug="writer").document
    assert document["strategy"] == {"type": "plan_and_execute", "max_steps": 5, "replan": False, "review": "each"}
    page = client.get("/agents/writer/").content.decode()
    assert 'value="plan_and_execute" checked' in page and 'name="plan_and_execute.max_steps" value="5"' in page
    assert '<option value="each" selected>' in page and 'name="reflection.max_rounds" value="3"' in page


@pytest.mark.parametrize("fault", [{"strategy": "wishing"}, {"strategy": "reflection", "reflection.enough": "much"}])
def test_a_way_of_planning_that_there_is_not_is_refused(alpha: House, fault: dict[str, str]) -> None:
    page = alpha.client().post("/agents/new/", FORM | fault)
    assert page.status_code == 400 and "strategy" in page.content.decode() and "Well." in page.content.decode()


@pytest.mark.parametrize(
    "fault", [{"max_iterations": "many"}, {"name": ""}, {"output_schema": "{"}, {"temperature": "9"}, {"tools": ["x"]}]
)
def test_a_form_with_a_fault_keeps_what_was_typed(alpha: House, fault: dict[str, str]) -> None:
    page = alpha.client().post("/agents/new/", FORM | fault)
    assert page.status_code == 400 and 'role="alert"' in page.content.decode() and "Well." in page.content.decode()


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"minimum": 1e999}', '{"minimum": -Infinity}', r'{"const": "\ud800"}', r'{"const": "\u0000"}', "[" * 9000, "9" * 5000],
)
def test_a_schema_that_no_database_keeps_is_refused_with_what_was_typed(alpha: House, text: str) -> None:
    page = alpha.client().post("/agents/new/", FORM | {"output_schema": text})
    assert page.status_code == 400 and "not JSON" in page.content.decode() and "Well." in page.content.decode()


def test_a_viewer_reads_an_agent_and_cannot_save_it(alpha: House) -> None:
    client = alpha.client(alpha.member("viewer", MemberRole.VIEWER))
    page = client.get("/agents/alpha-agent/")
    assert page.status_code == 200 and "Save" not in page.content.decode()
    assert "alpha-agent" in client.get("/agents/").content.decode()
    assert client.post("/agents/alpha-agent/", FORM | {"revision": "1"}).status_code == 403
    assert client.get("/agents/new/").status_code == 403


def test_an_api_key_opens_no_page(alpha: House) -> None:
    assert Client().get("/", headers={"Authorization": f"Bearer {alpha.secret}"}).status_code == 302
