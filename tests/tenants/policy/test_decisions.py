"""The whole decision on a tool: the verdict, and everything that people are told about who gave it."""

from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError

from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject, Verdict
from orchestrator.engine.errors import HostUnavailable
from tenants.models import Tenant
from tenants.policy import authority as authority_module
from tenants.policy.authority import WAITS_CURE, TenantAuthority, decision_on_tool, gate_answers
from tenants.policy.consent import Consent
from tenants.policy.identities import graph_identity
from tenants.policy.rights import Rights
from tenants.policy.text import ToolRule

ANN = "graph.ann"
NOBODY = Consent(None, Tenant.objects.get)  # type: ignore[arg-type]  # no call was approved
RULES = (
    ToolRule("listed", ("graph.bob", ANN), requires_approval=False, line=3),
    ToolRule("kept", ("graph.bob",), requires_approval=True, line=5),
    ToolRule("asked", None, requires_approval=True, line=9),
)
TOOLS = ("free", "listed", "kept", "asked", "off", "never", "waits")
RIGHTS = Rights(
    read_at=0.0,
    enabled={tool: tool != "off" for tool in TOOLS},
    permitted=frozenset((ANN, tool) for tool in TOOLS if tool not in ("never", "waits")),
    waiting=frozenset({(ANN, "waits")}),
    rules={rule.name: rule for rule in RULES},
    policy_version=7,
)


@pytest.mark.parametrize(
    ("tool", "verdict", "layer", "rule", "reason"),
    [
        ("nonsense", Verdict.DENY, "identity", "use_tool", "This workspace has no tool 'nonsense'"),
        ("off", Verdict.DENY, "identity", "use_tool", "Tool 'off' is switched off in this workspace"),
        ("never", Verdict.DENY, "identity", "use_tool", "'graph.ann' has no permission to use tool 'never'"),
        ("waits", Verdict.DENY, "identity", "use_tool", "Tool 'waits' waits for an admin to allow it for 'graph.ann'"),
        ("free", Verdict.ALLOW, "identity", "use_tool", ""),
        ("listed", Verdict.ALLOW, "policy", "tools: listed (line 3)", ""),
        (
            "kept",
            Verdict.DENY,
            "policy",
            "tools: kept (line 5), allowed_agents",
            "The policy does not allow tool 'kept' to 'graph.ann'",
        ),
        (
            "asked",
            Verdict.ASK,
            "policy",
            "tools: asked (line 9), requires_approval",
            "The policy wants a person to approve each call of 'asked'",
        ),
    ],
)
def test_each_decision_says_which_rule_of_which_version_gave_it_and_why(
    tool: str, verdict: Verdict, layer: str, rule: str, reason: str
) -> None:
    cure = WAITS_CURE if tool == "waits" else ""
    expected = GateDecision(verdict=verdict, layer=layer, rule=rule, reason=reason, cure=cure, policy_version=7)
    assert decision_on_tool(RIGHTS, ANN, tool) == expected


def test_a_model_is_allowed_by_no_layer_in_particular() -> None:
    """Nobody's rights are read for it."""
    authority = TenantAuthority(tenant_id=uuid4(), graph="graph", identities={}, consent=NOBODY)
    request = GateRequest(subject=GateSubject.MODEL, name="demo", agent="ann")
    assert async_to_sync(authority.decide)(request) == GateDecision(verdict=Verdict.ALLOW)


class TestWhoseRightsCount:
    authority = TenantAuthority(tenant_id=uuid4(), graph="graph", identities={"ann": "library-agent", "blank": ""}, consent=NOBODY)

    def identity(self, agent: str, own_tools: tuple[str, ...] | None) -> str:
        return self.authority.identity_of(GateRequest(subject=GateSubject.TOOL, name="free", agent=agent, own_tools=own_tools))

    def test_an_agent_acts_under_the_name_of_its_version(self) -> None:
        assert self.identity("ann", ("free",)) == "library-agent"

    @pytest.mark.parametrize("agent", ["blank", "unknown"])
    def test_an_agent_whose_version_names_nobody_acts_under_its_own_name_in_the_graph(self, agent: str) -> None:
        assert self.identity(agent, ()) == f"graph.{agent}"

    def test_a_tool_node_acts_for_the_graph_whatever_agent_it_names(self) -> None:
        assert self.identity("ann", None) == self.identity("", None) == graph_identity("graph")


class TestWithoutADatabase:
    @pytest.fixture
    def tried(self, monkeypatch: pytest.MonkeyPatch) -> list[object]:
        """Which tenants' rights were asked for, in vain."""
        asked: list[object] = []

        def away(tenant_id: object, since: float) -> Rights:
            asked.append(tenant_id)
            raise OperationalError("the server is gone")

        monkeypatch.setattr(authority_module, "read_rights", away)
        return asked

    @pytest.mark.parametrize("patience_s", [0.0, 0.2])
    def test_a_run_waits_for_its_rights_and_is_never_told_that_it_was_denied(
        self, tried: list[object], monkeypatch: pytest.MonkeyPatch, patience_s: float
    ) -> None:
        monkeypatch.setattr(authority_module, "PATIENCE_S", patience_s)
        authority = TenantAuthority(tenant_id=uuid4(), graph="graph", identities={}, consent=NOBODY)
        request = GateRequest(subject=GateSubject.TOOL, name="free", agent="ann", own_tools=("free",))
        with pytest.raises(HostUnavailable, match="the server is gone"):
            async_to_sync(authority.decide)(request)
        assert set(tried) == {authority.tenant_id}
        assert len(tried) == 2 if patience_s == 0.0 else len(tried) > 2

    @pytest.mark.usefixtures("database")
    def test_whoever_asks_learns_whether_the_gate_can_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert async_to_sync(gate_answers)() is True

        class Gone:
            def cursor(self) -> None:
                raise OperationalError("the server is gone")

        monkeypatch.setattr(authority_module, "connection", Gone())
        assert async_to_sync(gate_answers)() is False
