"""What an editor's saves give by themselves: an agent's first tools, and never one that was taken from somebody."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editor.graphs.actions import SavedDraft, create_graph, delete_graph, duplicate_graph, publish_version, save_draft
from editor.library.actions import create_agent, delete_agent, save_agent
from editor.models import Graph
from editor.versions.frozen import frozen
from editor.versions.versions import freeze
from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject, Verdict
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import ServiceIdentity, Tool, User
from tenants.policy.identities import grant_tool, revoke_tool, tool_matrix
from tenants.policy.rights import forget_rights, read_rights
from tenants.problems import Forbidden
from tenants.roles import MemberRole
from tests.tenants.cast import House, agent_document, graph_document

BOTH = ("calculator", "http_request")


@pytest.fixture
def editor(alpha: House) -> User:
    return alpha.member("edith", MemberRole.EDITOR)


def states(alpha: House) -> dict[tuple[str, str], str]:
    """What the tool rights page shows of every identity and tool, but for what was never decided."""
    with tenant_scope(alpha.tenant.id):
        _, rows = tool_matrix()
        return {(row.identity.name, cell.tool.name): cell.state for row in rows for cell in row.cells if cell.state != "never"}


def draw(alpha: House, by: User, slug: str, *, tools: tuple[str, ...] = ("calculator",), agent: str = "helper") -> Graph:
    with tenant_scope(alpha.tenant.id):
        return create_graph(tenant=alpha.tenant, title=slug, slug=slug, document=drawn(tools, agent), by=by)


def drawn(tools: tuple[str, ...], agent: str = "helper") -> dict[str, Any]:
    document = graph_document(tools=tools)
    document["agents"] = {agent: document["agents"]["helper"]}
    document["nodes"][1]["params"]["agent"] = agent
    return document


def save(alpha: House, graph: Graph, document: dict[str, Any], by: User) -> SavedDraft:
    with tenant_scope(alpha.tenant.id):
        return save_draft(graph=graph, document=document, revision=Graph.objects.get(pk=graph.pk).revision, by=by)


def publish(alpha: House, graph: Graph, by: User) -> None:
    with tenant_scope(alpha.tenant.id):
        publish_version(graph=Graph.objects.get(pk=graph.pk), note="", by=by)


def revoke(alpha: House, identity: str, tool: str = "calculator") -> None:
    with tenant_scope(alpha.tenant.id):
        revoke_tool(identity=ServiceIdentity.objects.get(name=identity), tool=Tool.objects.get(name=tool), by=alpha.owner)


def ask(alpha: House, graph: Graph, tool: str, by: User, agent: str = "helper") -> GateDecision:
    """What the gate says to the graph's agent as it is drawn now."""
    with tenant_scope(alpha.tenant.id):
        version = freeze(graph, by, draft=True)
    with system_scope():
        authority = frozen(version.pk).authority(started_by=by.pk)
    forget_rights(alpha.tenant.id)
    request = GateRequest(subject=GateSubject.TOOL, name=tool, agent=agent, own_tools=(tool,))
    return async_to_sync(authority.decide)(request)


def test_p12_an_editors_first_graph_works_at_once_and_its_agents_gather_tools_until_it_is_frozen(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    assert save(alpha, graph, drawn(BOTH), editor).problems == []
    assert states(alpha)["own.helper", "http_request"] == "granted"
    assert ask(alpha, graph, "calculator", editor).verdict is Verdict.ALLOW


def test_p12_a_tool_that_an_editor_adds_later_waits_for_an_admin(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    publish(alpha, graph, editor)
    [problem] = save(alpha, graph, drawn(BOTH), editor).problems
    assert (problem.code, problem.severity, problem.agent) == ("tool_waits", "warning", "helper")
    assert problem.message == "Tool 'http_request' waits for an admin to allow it for agent 'helper'" and problem.cure
    assert states(alpha)["own.helper", "http_request"] == "waiting"
    refused = ask(alpha, graph, "http_request", editor)
    assert (refused.verdict, refused.reason) == (Verdict.DENY, "Tool 'http_request' waits for an admin to allow it for 'own.helper'")
    assert "Tool rights" in refused.cure
    assert ask(alpha, graph, "calculator", editor).verdict is Verdict.ALLOW, "what it had first it keeps"


def test_p12_an_admin_lets_a_waiting_tool_in_by_one_click_and_an_editor_cannot(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    publish(alpha, graph, editor)
    save(alpha, graph, drawn(BOTH), editor)
    with tenant_scope(alpha.tenant.id):
        identity, tool = ServiceIdentity.objects.get(name="own.helper"), Tool.objects.get(name="http_request")
        with pytest.raises(Forbidden):
            grant_tool(identity=identity, tool=tool, by=editor)
    assert "waits" in alpha.client().get("/settings/tools/").content.decode()
    path = f"/settings/tools/{identity.pk}/{tool.pk}/"
    assert alpha.client(editor).post(path, {"granted": "true"}).status_code in (302, 403)
    assert states(alpha)["own.helper", "http_request"] == "waiting"
    assert alpha.client().post(path, {"granted": "true"}).status_code == 302
    assert states(alpha)["own.helper", "http_request"] == "granted"
    assert ask(alpha, graph, "http_request", editor).verdict is Verdict.ALLOW
    assert save(alpha, graph, drawn(BOTH), editor).problems == []


def test_p12_a_manager_who_saves_the_graph_does_not_let_in_what_waits(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    publish(alpha, graph, editor)
    save(alpha, graph, drawn(BOTH), editor)
    assert [problem.code for problem in save(alpha, graph, drawn(BOTH), alpha.owner).problems] == ["tool_waits"]
    publish(alpha, graph, alpha.owner)
    assert states(alpha)["own.helper", "http_request"] == "waiting"


def test_p12_a_manager_gives_what_they_list_themselves(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    publish(alpha, graph, editor)
    assert save(alpha, graph, drawn(BOTH), alpha.owner).problems == []
    assert states(alpha)["own.helper", "http_request"] == "granted"


def test_p12_what_is_not_listed_any_more_waits_no_more(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    publish(alpha, graph, editor)
    save(alpha, graph, drawn(BOTH), editor)
    save(alpha, graph, drawn(("calculator",)), editor)
    assert ("own.helper", "http_request") not in states(alpha)


def renamed(alpha: House, graph: Graph, by: User) -> tuple[Graph, str]:
    save(alpha, graph, drawn(("calculator",), "helper-two"), by)
    return graph, "helper-two"


def beside(alpha: House, graph: Graph, by: User) -> tuple[Graph, str]:
    document = graph_document()
    document["agents"]["sibling"] = {**document["agents"]["helper"], "name": "Sibling"}
    save(alpha, graph, document, by)
    return graph, "sibling"


def duplicated(alpha: House, graph: Graph, by: User) -> tuple[Graph, str]:
    with tenant_scope(alpha.tenant.id):
        return duplicate_graph(graph=Graph.objects.get(pk=graph.pk), by=by), "helper"


def recreated(alpha: House, graph: Graph, by: User) -> tuple[Graph, str]:
    with tenant_scope(alpha.tenant.id):
        delete_graph(graph=graph, by=by)
    return draw(alpha, by, "own-again"), "helper"


def anew(alpha: House, graph: Graph, by: User) -> tuple[Graph, str]:
    return draw(alpha, by, "another", agent="unlike"), "unlike"


@pytest.mark.parametrize("escape", [renamed, beside, duplicated, recreated, anew])
@pytest.mark.parametrize("published", [False, True])
def test_p12_a_revoked_tool_comes_back_under_no_other_name(
    alpha: House, editor: User, published: bool, escape: Callable[[House, Graph, User], tuple[Graph, str]]
) -> None:
    graph = draw(alpha, editor, "own")
    if published:
        publish(alpha, graph, editor)
    revoke(alpha, "own.helper")
    graph, agent = escape(alpha, graph, editor)
    assert states(alpha)[f"{graph.slug}.{agent}", "calculator"] == "waiting"
    assert ask(alpha, graph, "calculator", editor, agent).verdict is Verdict.DENY


def test_p12_the_library_gives_an_agents_first_tools_only(alpha: House, editor: User) -> None:
    with tenant_scope(alpha.tenant.id):
        row = create_agent(tenant=alpha.tenant, agent=agent_document("Clerk", tools=("calculator",)), slug="clerk", by=editor)
        row = save_agent(row=row, agent=agent_document("Clerk", tools=BOTH), revision=1, by=editor)
    assert states(alpha)["clerk", "calculator"] == "granted" and states(alpha)["clerk", "http_request"] == "waiting"
    assert "waits for an admin to allow it for this agent" in alpha.client(editor).get("/agents/clerk/").content.decode()
    document = graph_document() | {"agents": {"helper": {"library": "clerk"}}}
    with tenant_scope(alpha.tenant.id):
        create_graph(tenant=alpha.tenant, title="Uses it", slug="uses-it", document=document, by=editor)
    assert states(alpha)["clerk", "http_request"] == "waiting", "a graph that uses it gives it nothing"
    revoke(alpha, "clerk")
    with tenant_scope(alpha.tenant.id):
        delete_agent(row=row, by=editor)
        create_agent(tenant=alpha.tenant, agent=agent_document("Clerk", tools=("calculator",)), slug="clerk", by=editor)
    assert states(alpha)["clerk", "calculator"] == "waiting"


def test_p12_the_editor_is_told_when_the_graph_is_opened(alpha: House, editor: User) -> None:
    graph = draw(alpha, editor, "own")
    revoke(alpha, "own.helper")
    [problem] = alpha.client(editor).get("/api/v1/graphs/own").json()["problems"]
    assert (problem["code"], problem["message"]) == ("tool_revoked", "Tool 'calculator' was taken from agent 'helper'")
    assert graph.slug == "own"


ESCAPES = [renamed, beside, duplicated, recreated]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["publish", "both", *range(len(ESCAPES))]), max_size=6), at=st.integers(0, 6))
def test_p12_whatever_editors_do_after_a_revocation_nobody_new_has_the_tool(alpha: House, steps: list[Any], at: int) -> None:
    """The law: the pairs of identity and tool that are permitted only shrink for a revoked tool, unless a manager acts."""
    with transaction.atomic():
        editor = alpha.member("hypo", MemberRole.EDITOR)
        graph, agent = draw(alpha, editor, "own"), "helper"
        allowed: set[tuple[str, str]] | None = None
        for number, step in enumerate(steps):
            if number == min(at, len(steps) - 1):
                revoke(alpha, "alpha-graph.helper")
                allowed = permitted(alpha)
            if step == "publish":
                publish(alpha, graph, editor)
            elif step == "both":
                save(alpha, graph, drawn(BOTH, agent), editor)
            elif step == 3:
                with tenant_scope(alpha.tenant.id):
                    delete_graph(graph=graph, by=editor)
                graph, agent = draw(alpha, editor, f"own-{number}"), "helper"
            else:
                graph, agent = ESCAPES[step](alpha, graph, editor)
            assert allowed is None or permitted(alpha) <= allowed, steps
        transaction.set_rollback(True)


def permitted(alpha: House) -> set[tuple[str, str]]:
    forget_rights(alpha.tenant.id)
    return {pair for pair in read_rights(alpha.tenant.id, since=0.0).permitted if pair[1] == "calculator"}
