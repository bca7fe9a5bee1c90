"""A rule or a revocation of one tool holds for those that do the same by another name."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.graphs.actions import create_graph
from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.engine.effects.gate import Verdict
from tenants.isolation.scope import tenant_scope
from tenants.models import ServiceIdentity, Tool, User
from tenants.policy.authority import decision_on_tool
from tenants.policy.families import rules_in_force, strictest
from tenants.policy.identities import agent_identity, grant_tool, revoke_tool, tool_matrix
from tenants.policy.policy import save_policy
from tenants.policy.rights import forget_rights, read_rights
from tenants.policy.text import ToolRule, read_policy
from tenants.policy.tools import install_tools
from tenants.roles import MemberRole
from tests.tenants.cast import House, graph_document

HTTP = ("http_get", "http_request", "http_send_once")
AGENT = "sends.helper"


@pytest.fixture
def sends(alpha: House) -> House:
    """The house with the tools that ship, and a graph whose agent has every tool that sends."""
    with tenant_scope(alpha.tenant.id):
        install_tools(tenant=alpha.tenant, specs=all_specs())
        document = graph_document(tools=(*HTTP, "calculator"))
        create_graph(tenant=alpha.tenant, title="Sends", slug="sends", document=document, by=alpha.owner)
    forget_rights(alpha.tenant.id)
    return alpha


def decided(house: House, tool: str) -> tuple[Verdict, str]:
    forget_rights(house.tenant.id)
    decision = decision_on_tool(read_rights(house.tenant.id, 0.0), AGENT, tool)
    return decision.verdict, decision.rule


def write(house: House, yaml: str) -> None:
    with tenant_scope(house.tenant.id):
        save_policy(tenant=house.tenant, yaml=yaml, version=1, by=house.owner)


def states(house: House, name: str = AGENT) -> dict[str, str]:
    with tenant_scope(house.tenant.id):
        _, rows = tool_matrix()
        return {cell.tool.name: cell.state for row in rows if row.identity.name == name for cell in row.cells if cell.state != "never"}


def test_p12_family_the_tools_that_send_requests_are_one() -> None:
    assert {spec.name for spec in all_specs() if spec.family == "http"} == set(HTTP)


def test_p12_family_a_rule_for_one_covers_its_siblings(sends: House) -> None:
    write(sends, "tools:\n  - name: http_request\n    requires_approval: true\n")
    assert decided(sends, "http_request") == (Verdict.ASK, "tools: http_request (line 2), requires_approval")
    for sibling in ("http_get", "http_send_once"):
        assert decided(sends, sibling) == (Verdict.ASK, "tools: http_request (line 2), strictest of family http, requires_approval")
    assert decided(sends, "calculator")[0] is Verdict.ALLOW


def test_p12_family_what_is_forbidden_of_one_is_forbidden_of_its_siblings(sends: House) -> None:
    write(sends, "tools:\n  - name: http_request\n    allowed_agents: []\n  - name: http_get\n    allowed_agents: [all]\n")
    assert [decided(sends, tool)[0] for tool in HTTP] == [Verdict.ALLOW, Verdict.DENY, Verdict.DENY], "an own rule goes before"


def test_p12_family_a_rule_for_the_family_goes_before_the_siblings_and_behind_the_own(sends: House) -> None:
    write(
        sends,
        "tools:\n  - family: http\n    requires_approval: true\n  - name: http_get\n  - name: http_request\n    allowed_agents: []\n",
    )
    assert [decided(sends, tool) for tool in HTTP] == [
        (Verdict.ALLOW, "tools: http_get (line 4)"),
        (Verdict.DENY, "tools: http_request (line 5), allowed_agents"),
        (Verdict.ASK, "tools: family http (line 2), requires_approval"),
    ]


def test_p12_family_a_revoked_tool_takes_its_family_along_and_each_is_given_again_alone(sends: House) -> None:
    with tenant_scope(sends.tenant.id):
        identity = ServiceIdentity.objects.get(name=AGENT)
        taken = revoke_tool(identity=identity, tool=Tool.objects.get(name="http_request"), by=sends.owner)
    assert [tool.name for tool in taken] == list(HTTP)
    assert states(sends) == {"calculator": "granted", **dict.fromkeys(HTTP, "revoked")}
    assert [decided(sends, tool)[0] for tool in HTTP] == [Verdict.DENY] * 3
    with tenant_scope(sends.tenant.id):
        grant_tool(identity=identity, tool=Tool.objects.get(name="http_get"), by=sends.owner)
    assert [decided(sends, tool)[0] for tool in HTTP] == [Verdict.ALLOW, Verdict.DENY, Verdict.DENY]


def test_p12_family_a_sibling_is_no_way_round_a_revocation_for_an_editor(sends: House) -> None:
    editor = sends.member("edith", MemberRole.EDITOR)
    with tenant_scope(sends.tenant.id):
        only = create_graph(
            tenant=sends.tenant, title="Only", slug="only", document=graph_document(tools=("http_request",)), by=sends.owner
        )
        revoke_tool(
            identity=ServiceIdentity.objects.get(name=agent_identity(only.slug, "helper")),
            tool=Tool.objects.get(name="http_request"),
            by=sends.owner,
        )
    assert drawn_by(sends, editor, "round", HTTP) == dict.fromkeys(HTTP, "waiting")


def test_p12_family_a_tool_that_comes_later_belongs_to_what_was_taken(sends: House) -> None:
    """A package adds one more tool that sends: it waits as its siblings do."""
    editor = sends.member("edith", MemberRole.EDITOR)
    with tenant_scope(sends.tenant.id):
        revoke_tool(identity=ServiceIdentity.objects.get(name=AGENT), tool=Tool.objects.get(name="http_get"), by=sends.owner)
        newest = next(spec for spec in all_specs() if spec.name == "http_get").model_copy(update={"name": "http_stream"})
        install_tools(tenant=sends.tenant, specs=[*all_specs(), newest])
    assert drawn_by(sends, editor, "later", ("http_stream", "calculator")) == {"http_stream": "waiting", "calculator": "granted"}


def drawn_by(house: House, editor: User, slug: str, tools: tuple[str, ...]) -> dict[str, str]:
    with tenant_scope(house.tenant.id):
        create_graph(tenant=house.tenant, title=slug, slug=slug, document=graph_document(tools=tools), by=editor)
    return states(house, agent_identity(slug, "helper"))


def test_p12_family_the_page_says_what_was_taken(sends: House) -> None:
    with tenant_scope(sends.tenant.id):
        identity, tool = ServiceIdentity.objects.get(name=AGENT), Tool.objects.get(name="http_request")
    client = sends.client()
    told = client.post(f"/settings/tools/{identity.pk}/{tool.pk}/", {"granted": "false"}, follow=True).content.decode()
    assert f"{AGENT} may no longer use http_get, http_request, http_send_once." in told
    assert "takes all of its family" in told


def test_p12_family_tools_are_known_by_it_once_they_are_installed_again(sends: House) -> None:
    with tenant_scope(sends.tenant.id):
        Tool.objects.update(family="", definition_hash="of an earlier build")
        install_tools(tenant=sends.tenant, specs=all_specs())
        assert set(Tool.objects.filter(family="http").values_list("name", flat=True)) == set(HTTP)


@pytest.mark.parametrize(
    ("rule", "column", "says"),
    [
        ("family: htp", 13, "There is no family of tools 'htp'"),
        ("name: http_get\n    family: http", 5, "names a tool and a family"),
        ("family: http\n  - family: http", 5, "The family 'http' has a rule already"),
        ("family: 7", 13, "must be text, got '7'"),
    ],
)
def test_p12_family_each_problem_of_a_family_rule_is_told_in_its_place(rule: str, column: int, says: str) -> None:
    [problem] = read_policy(f"tools:\n  - {rule}", frozenset(HTTP), frozenset({"http"})).problems
    assert says in problem.message and problem.column == column and problem.cure


AGENTS = ("a", "b", "c")
RULES = st.builds(
    ToolRule,
    name=st.sampled_from(HTTP),
    allowed_agents=st.none() | st.just(("all",)) | st.lists(st.sampled_from(AGENTS), unique=True).map(tuple),
    requires_approval=st.booleans(),
    line=st.integers(1, 99),
    approved_by_others=st.none() | st.booleans(),
)


@given(st.lists(RULES, min_size=1, max_size=3))
def test_p12_family_the_strictest_rule_spares_nothing_that_any_of_them_wants(rules: list[ToolRule]) -> None:
    rule = strictest(rules, "http")
    assert rule is not None
    for agent in AGENTS:
        assert rule.allows(agent) == all(one.allows(agent) for one in rules)
    asking = [one.approved_by_others for one in rules if one.requires_approval]
    assert rule.requires_approval == bool(asking)
    if asking:
        assert rule.approved_by_others is (True if True in asking else None if None in asking else False)
    for order in permutations(rules):
        again = strictest(order, "http")
        assert again is not None and (again.requires_approval, again.approved_by_others) == (
            rule.requires_approval,
            rule.approved_by_others,
        )
        assert {agent for agent in AGENTS if again.allows(agent)} == {agent for agent in AGENTS if rule.allows(agent)}


def test_p12_family_tools_without_a_family_have_nothing_in_common() -> None:
    rule = ToolRule("calculator", (), False, 2)
    assert rules_in_force([rule], {"calculator": "", "date_time": ""}) == {"calculator": rule}
