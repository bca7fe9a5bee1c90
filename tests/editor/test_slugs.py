"""Slugs: usable from any title, and no oracle about what is hidden."""

import re
from typing import Any

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from editor.graphs.actions import create_graph, restrict_graph
from editor.slugs import LONGEST, slug_of
from tenants.isolation.scope import tenant_scope
from tenants.roles import MemberRole
from tests.tenants.cast import House, agent_document


@given(st.text(max_size=300))
@example("日本語のチーム")
@example("فريق الدعم")
@example("Поддержка")
@example("🚀🚀")
@example("-_-")
@example("")
def test_every_title_has_a_usable_slug(title: str) -> None:
    slug = slug_of(title, otherwise="graph")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= LONGEST


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Größe & Łódź", "grosse-lodz"), ("Ünïcode Smörgåsbord", "unicode-smorgasbord"), ("Отчёт 2026", "2026"), ("A_b", "a-b")],
)
def test_what_is_latin_in_a_title_is_spelled(title: str, slug: str) -> None:
    assert slug_of(title, otherwise="graph") == slug


@pytest.mark.parametrize("title", ["客户支持", "دعم العملاء", "Поддержка", "🚀"])
def test_graphs_and_agents_of_any_script_are_made_more_than_once(alpha: House, title: str) -> None:
    client = alpha.client()
    graphs = [client.post("/api/v1/graphs", {"title": title}, content_type="application/json").json()["slug"] for _ in range(2)]
    agent = {"agent": agent_document(title)}
    agents = [client.post("/api/v1/agents", agent, content_type="application/json").json()["slug"] for _ in range(2)]
    assert len({*graphs, *agents}) == 4
    assert client.get(f"/api/v1/graphs/{graphs[0]}").json()["title"] == title


def made(client: Client, title: str) -> Any:
    return client.post("/api/v1/graphs", {"title": title}, content_type="application/json")


def shape(answer: Any, title: str) -> str:
    """The answer without what is different in every one."""
    text = answer.content.decode()
    for varying in (r"-[a-z2-9]{6}(?=\")", r"20[0-9]{2}-[^\"]+", title, title.lower()):
        text = re.sub(varying, "·", text)
    return f"{answer.status_code} {text}"


def test_t22_making_a_graph_tells_nothing_of_one_that_is_hidden(alpha: House) -> None:
    editor = alpha.client(alpha.member("editor", MemberRole.EDITOR))
    assert made(editor, "Open").json()["slug"] == "open"
    with tenant_scope(alpha.tenant.id):
        hidden = create_graph(tenant=alpha.tenant, title="Salaries", by=alpha.owner)
        restrict_graph(graph=hidden, restricted=True, by=alpha.owner)
    assert editor.get("/api/v1/graphs/salaries").status_code == 404
    taken, free = made(editor, "Salaries"), made(editor, "Payroll")
    assert taken.status_code == free.status_code == 201
    assert re.fullmatch(r"salaries-[a-z2-9]{6}", taken.json()["slug"]) and re.fullmatch(r"payroll-[a-z2-9]{6}", free.json()["slug"])
    assert shape(taken, "Salaries") == shape(free, "Payroll")
    chosen = editor.post("/api/v1/graphs", {"title": "x", "slug": "salaries"}, content_type="application/json")
    other = editor.post("/api/v1/graphs", {"title": "x", "slug": "payroll"}, content_type="application/json")
    assert chosen.status_code == 400 and chosen.content == other.content
    assert made(alpha.client(), "Salaries").json()["slug"] == "salaries-2"


def test_t22_questions_about_a_hidden_graph_are_answered_as_about_none(alpha: House) -> None:
    editor = alpha.client(alpha.member("editor", MemberRole.EDITOR))
    with tenant_scope(alpha.tenant.id):
        restrict_graph(graph=alpha.graph, restricted=True, by=alpha.owner)
    for path in ("runs?graph={}", "costs?graph={}", "graphs/{}/files", "graphs/{}/draft", "graphs/{}/versions", "graphs/{}/access"):
        hidden, none = (editor.get(f"/api/v1/{path.format(slug)}") for slug in ("alpha-graph", "no-graph"))
        assert (hidden.status_code, hidden.content) == (none.status_code, none.content), path
    assert editor.get("/api/v1/rights").status_code == 403
    assert "alpha-graph" not in editor.get("/settings/tools/").content.decode()
    assert "alpha-graph" in alpha.client().get("/settings/tools/").content.decode()
