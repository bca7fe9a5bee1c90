"""What the gate is told: permission first, then policy, as they stand now."""

from math import inf

import pytest
from asgiref.sync import async_to_sync
from pytest_django import DjangoCaptureOnCommitCallbacks

from editor.graphs.actions import create_graph, publish_version, save_draft
from editor.library.actions import save_agent
from editor.models import Graph, GraphVersion
from editor.versions.frozen import frozen
from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject, Verdict
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import ServiceIdentity, Tool
from tenants.policy import rights
from tenants.policy.authority import TenantAuthority
from tenants.policy.consent import Consent
from tenants.policy.identities import grant_tool, graph_identity, revoke_tool, tool_matrix
from tenants.policy.listed_tools import give_listed_tools
from tenants.policy.policy import save_policy
from tenants.policy.rights import forget_rights, kept_rights
from tenants.policy.tools import enable_tool, install_tools
from tenants.problems import Forbidden
from tenants.roles import MemberRole
from tests.tenants.cast import TOOLS, House, agent_document, graph_document

NOBODY = Consent(None, Graph.objects.get)
"""No call was approved."""


def authority_of(version: GraphVersion) -> TenantAuthority:
    with system_scope():
        return frozen(version.pk).authority(started_by=None)


@pytest.fixture(autouse=True)
def fresh(alpha: House) -> None:
    forget_rights(alpha.tenant.id)


def ask(authority: TenantAuthority, tool: str, *, agent: str = "helper", by_agent: bool = True) -> GateDecision:
    forget_rights(authority.tenant_id)
    request = GateRequest(subject=GateSubject.TOOL, name=tool, agent=agent, own_tools=(tool,) if by_agent else None)
    return async_to_sync(authority.decide)(request)


def write(alpha: House, yaml: str) -> None:
    with tenant_scope(alpha.tenant.id):
        save_policy(tenant=alpha.tenant, yaml=yaml, version=1, by=alpha.owner)


def test_a_listed_tool_without_a_rule_is_allowed(alpha: House) -> None:
    decision = ask(authority_of(alpha.version), "calculator")
    assert (decision.verdict, decision.layer, decision.policy_version) == (Verdict.ALLOW, "identity", 1)


@pytest.mark.parametrize(("tool", "says"), [("http_request", "no permission"), ("nonsense", "no tool")])
def test_p01_a_tool_the_identity_was_not_given_is_denied(alpha: House, tool: str, says: str) -> None:
    decision = ask(authority_of(alpha.version), tool)
    assert (decision.verdict, decision.layer, decision.rule) == (Verdict.DENY, "identity", "use_tool")
    assert says in decision.reason


def test_a_rule_that_names_others_denies(alpha: House) -> None:
    write(alpha, "tools:\n  - name: calculator\n    allowed_agents: [somebody-else]\n")
    decision = ask(authority_of(alpha.version), "calculator")
    assert (decision.verdict, decision.layer, decision.policy_version) == (Verdict.DENY, "policy", 2)
    assert decision.rule == "tools: calculator (line 2), allowed_agents"


@pytest.mark.parametrize("name", ["alpha-graph.helper", "all"])
def test_a_rule_that_names_the_agent_allows(alpha: House, name: str) -> None:
    write(alpha, f"tools:\n  - name: calculator\n    allowed_agents: [{name}]\n")
    assert ask(authority_of(alpha.version), "calculator").verdict is Verdict.ALLOW


def test_a_tool_that_needs_approval_is_asked_for(alpha: House) -> None:
    write(alpha, "tools:\n  - name: calculator\n    requires_approval: true\n")
    decision = ask(authority_of(alpha.version), "calculator")
    assert (decision.verdict, decision.layer) == (Verdict.ASK, "policy")


def test_the_policy_gives_nothing_to_who_has_no_permission(alpha: House) -> None:
    write(alpha, "tools:\n  - name: http_request\n    allowed_agents: [all]\n")
    assert ask(authority_of(alpha.version), "http_request").layer == "identity"


def test_p04_revoking_reaches_runs_in_flight(alpha: House) -> None:
    authority = authority_of(alpha.version)
    assert ask(authority, "calculator").verdict is Verdict.ALLOW
    with tenant_scope(alpha.tenant.id):
        revoke_tool(identity=alpha.identity, tool=alpha.tool, by=alpha.owner)
    assert ask(authority, "calculator").verdict is Verdict.DENY
    with tenant_scope(alpha.tenant.id):
        grant_tool(identity=alpha.identity, tool=alpha.tool, by=alpha.owner)
    assert ask(authority, "calculator").verdict is Verdict.ALLOW


def test_a_tool_switched_off_is_denied_to_everybody(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        enable_tool(tool_id=alpha.tool.pk, enabled=False, by=alpha.owner)
    assert "switched off" in ask(authority_of(alpha.version), "calculator").reason


def test_what_an_administrator_took_away_does_not_come_back_by_itself(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        revoke_tool(identity=alpha.identity, tool=alpha.tool, by=alpha.owner)
        graph = Graph.objects.get()
        save_draft(graph=graph, document=graph_document(tools=()), revision=1, by=alpha.owner)
        save_draft(graph=graph, document=graph_document(tools=("calculator", "http_request")), revision=2, by=alpha.owner)
        version = publish_version(graph=Graph.objects.get(), note="", by=alpha.owner)
    assert ask(authority_of(version), "calculator").verdict is Verdict.DENY
    assert ask(authority_of(version), "http_request").verdict is Verdict.ALLOW


def test_a_tool_node_acts_under_the_graphs_own_identity(alpha: House) -> None:
    document = graph_document() | {
        "nodes": [
            {"id": "start", "kind": "input"},
            {"id": "fetch", "kind": "tool", "params": {"tool": "http_request"}},
            {"id": "end", "kind": "output"},
        ],
        "edges": [{"id": "e1", "source": "start", "target": "fetch"}, {"id": "e2", "source": "fetch", "target": "end"}],
    }
    with tenant_scope(alpha.tenant.id):
        graph = create_graph(tenant=alpha.tenant, title="Drawn", slug="drawn", document=document, by=alpha.owner)
        assert ServiceIdentity.objects.filter(name=graph_identity("drawn")).exists()
    authority = TenantAuthority(tenant_id=alpha.tenant.id, graph=graph.slug, identities={}, consent=NOBODY)
    assert ask(authority, "http_request", agent="", by_agent=False).verdict is Verdict.ALLOW
    assert ask(authority, "http_request").verdict is Verdict.DENY


def test_a_library_agent_acts_under_its_own_name_in_every_graph(alpha: House) -> None:
    document = graph_document() | {"agents": {"helper": {"library": "alpha-agent"}}}
    with tenant_scope(alpha.tenant.id):
        save_agent(row=alpha.agent, agent=agent_document(tools=("http_request",)), revision=1, by=alpha.owner)
        graph = create_graph(tenant=alpha.tenant, title="Uses it", document=document, by=alpha.owner)
        version = publish_version(graph=graph, note="", by=alpha.owner)
        assert version.identities == {"helper": "alpha-agent"}
        assert version.document["agents"]["helper"]["tools"] == ["http_request"]
    write(alpha, "tools:\n  - name: http_request\n    allowed_agents: [alpha-agent]\n")
    assert ask(authority_of(version), "http_request").verdict is Verdict.ALLOW


def test_rights_end_at_the_tenant(alpha: House, beta: House) -> None:
    foreign = TenantAuthority(tenant_id=beta.tenant.id, graph="alpha-graph", identities={"helper": "alpha-graph.helper"}, consent=NOBODY)
    assert ask(foreign, "calculator").verdict is Verdict.DENY


def test_models_and_messages_pass(alpha: House) -> None:
    request = GateRequest(subject=GateSubject.MODEL, name="demo", agent="helper")
    assert async_to_sync(authority_of(alpha.version).decide)(request).verdict is Verdict.ALLOW


def test_rights_are_read_once_a_second(alpha: House, django_assert_num_queries: pytest.FixtureRequest) -> None:
    authority = authority_of(alpha.version)
    ask(authority, "calculator")
    request = GateRequest(subject=GateSubject.TOOL, name="calculator", agent="helper", own_tools=("calculator",))
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert async_to_sync(authority.decide)(request).verdict is Verdict.ALLOW


def test_the_matrix_tells_granted_from_revoked_from_never(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        revoke_tool(identity=alpha.identity, tool=alpha.tool, by=alpha.owner)
        _, rows = tool_matrix()
        states = {(row.identity.name, cell.tool.name): cell.state for row in rows for cell in row.cells}
    assert states["alpha-graph.helper", "calculator"] == "revoked"
    assert states["alpha-graph.helper", "http_request"] == "never"


def test_only_managers_change_rights(alpha: House) -> None:
    editor = alpha.member("editor", MemberRole.EDITOR)
    with tenant_scope(alpha.tenant.id):
        for change in (grant_tool, revoke_tool):
            with pytest.raises(Forbidden):
                change(identity=alpha.identity, tool=alpha.tool, by=editor)
    assert alpha.client(editor).post(f"/settings/tools/{alpha.identity.pk}/{alpha.tool.pk}/", {"granted": "false"}).status_code == 403


def test_the_page_revokes_and_grants(alpha: House) -> None:
    client, path = alpha.client(), f"/settings/tools/{alpha.identity.pk}/{alpha.tool.pk}/"
    assert client.post(path, {"granted": "false"}).status_code == 302
    assert "revoked" in client.get("/settings/tools/").content.decode()
    assert client.post(path, {"granted": "true"}).status_code == 302
    assert ask(authority_of(alpha.version), "calculator").verdict is Verdict.ALLOW


def test_installing_tools_again_updates_what_changed_and_nothing_else(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        enable_tool(tool_id=alpha.tool.pk, enabled=False, by=alpha.owner)
        install_tools(tenant=alpha.tenant, specs=[TOOLS[0].model_copy(update={"description": "Counts."}), TOOLS[1]])
        tool = Tool.objects.get(pk=alpha.tool.pk)
        assert (tool.description, tool.enabled, Tool.objects.count()) == ("Counts.", False, 2)
        assert tool.definition_hash != alpha.tool.definition_hash


def test_a_graph_that_is_frozen_again_unchanged_leaves_the_rights_as_they_were_read(
    alpha: House, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights, "KEPT_SECONDS", inf)
    ask(authority_of(alpha.version), "calculator")
    before = kept_rights(alpha.tenant.id)
    assert before is not None
    for given, kept in ((["calculator"], before), (["calculator", "http_request"], None)):
        with tenant_scope(alpha.tenant.id), django_capture_on_commit_callbacks(execute=True):
            give_listed_tools(tenant=alpha.tenant, wanted={"alpha-graph.helper": given}, by=alpha.owner)
        assert kept_rights(alpha.tenant.id) is kept


def test_what_another_process_granted_a_moment_ago_is_not_refused(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "KEPT_SECONDS", inf)
    authority, wanted = (
        authority_of(alpha.version),
        GateRequest(subject=GateSubject.TOOL, name="http_request", agent="helper", own_tools=("http_request",)),
    )
    assert async_to_sync(authority.decide)(wanted).verdict is Verdict.DENY
    with tenant_scope(alpha.tenant.id):
        grant_tool(identity=alpha.identity, tool=Tool.objects.get(name="http_request"), by=alpha.owner)
    assert kept_rights(alpha.tenant.id) is not None, "control: this process has not heard of it"
    assert async_to_sync(authority.decide)(wanted).verdict is Verdict.ALLOW
