"""The policy: read with every problem in its place, versioned, never overwritten."""

import time

import pytest

from orchestrator.capabilities.evaluation.limits import WorkLimits
from tenants.isolation.scope import tenant_scope
from tenants.models import PolicyVersion
from tenants.policy.policy import PolicyInvalid, policy_diff, save_policy
from tenants.policy.text import MAX_BYTES, MOST_PROBLEMS, ToolRule, read_policy, rules_from_json
from tenants.problems import Forbidden, StaleRevision
from tenants.roles import MemberRole
from tests.tenants.cast import House

TOOLS = frozenset({"delete_user", "read_ticket"})
GUIDE = """\
tools:
  - name: delete_user
    allowed_agents: ["admin-agent"]
    requires_approval: true
  - name: read_ticket
    allowed_agents: ["all"]
"""


def found(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.message) for problem in read_policy(text, TOOLS).problems]


def test_the_form_of_the_guide_is_understood() -> None:
    assert read_policy(GUIDE, TOOLS).rules == (
        ToolRule("delete_user", ("admin-agent",), True, 2),
        ToolRule("read_ticket", ("all",), False, 5),
    )


@pytest.mark.parametrize(
    ("written", "read"), [("", None), ("\n    approved_by_others: true", True), ("\n    approved_by_others: false", False)]
)
def test_a08_what_is_said_of_who_approves_is_kept_apart_from_what_is_not_said(written: str, read: bool | None) -> None:
    reading = read_policy(f"tools:\n  - name: delete_user\n    requires_approval: true{written}", TOOLS)
    assert [rule.approved_by_others for rule in reading.rules] == [read]
    assert rules_from_json(reading.as_json()) == reading.rules
    earlier = {"tools": [{name: value for name, value in reading.as_json()["tools"][0].items() if name != "approved_by_others"}]}
    assert rules_from_json(earlier)[0].approved_by_others is None


def test_all_allows_every_agent_and_an_empty_list_none() -> None:
    assert ToolRule("t", ("all",), False, 1).allows("anybody")
    assert ToolRule("t", None, False, 1).allows("anybody")
    assert not ToolRule("t", (), False, 1).allows("anybody")
    assert not ToolRule("t", ("billing",), False, 1).allows("triage.billing")


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("tols: []", 1, 1, "Unknown key 'tols'"),
        ("tools:\n  - name: delete_user\n    requires_aproval: true", 3, 5, "Unknown key 'requires_aproval'"),
        ("tools:\n  - name: delet_user", 2, 11, "There is no tool 'delet_user'"),
        ("tools:\n  - allowed_agents: [all]", 2, 5, "names no tool"),
        ("tools:\n  - name: delete_user\n    requires_approval: yes", 3, 24, "must be true or false, got 'yes'"),
        ("tools:\n  - name: delete_user\n    requires_approval: true\n    approved_by_others: 1", 4, 25, "must be true or false, got '1'"),
        ("tools:\n  - name: delete_user\n    approved_by_others: true", 2, 5, "this rule asks for no approval"),
        ("tools:\n  - name: delete_user\n    allowed_agents: {a: b}", 3, 21, "must be a list, got a mapping"),
        ("tools:\n  - name: delete_user\n    allowed_agents: [1]", 3, 22, "must be text, got '1'"),
        ("tools:\n  - name: delete_user\n  - name: delete_user", 3, 5, "has a rule already"),
        ("tools:\n  - name: delete_user\n    name: read_ticket", 3, 5, "given twice"),
        ("tools: everything", 1, 8, "must be a list, got 'everything'"),
        ("- a", 1, 1, "Expected a policy"),
        ("tools: [", 1, 9, "not YAML"),
        ("tools:\n\t- name: x", 2, 1, "not YAML"),
        ("tools: []\n---\ntools: []", 2, 1, "not YAML"),
        ("tools: !!python/object:os.system []", 1, 8, "is not allowed"),
        ("tools: &a []", 1, 8, "Anchors and aliases"),
        ("tools:\n  - <<: *a", 2, 9, "Anchors and aliases"),
        ("[" * 50, 1, 9, "Nested deeper"),
        ("\x00", 1, 1, "characters that YAML does not allow"),
        ("x" * (MAX_BYTES + 1), 1, 1, "larger than 64 KiB"),
    ],
)
def test_each_problem_names_its_line_and_column(text: str, line: int, column: int, says: str) -> None:
    problems = found(text)
    assert (line, column) in [(problem[0], problem[1]) for problem in problems]
    assert any(says in problem[2] for problem in problems)
    assert read_policy(text, TOOLS).rules == ()


def test_a_misspelt_key_comes_with_what_was_probably_meant() -> None:
    assert read_policy("tools:\n  - nme: delete_user", TOOLS).problems[0].cure == "Did you mean 'name'?"


def test_all_problems_are_found_at_once() -> None:
    assert [line for line, _, _ in found("tools:\n  - name: x1\n  - name: x2\n  - color: red")] == [2, 3, 4]


def test_g03_a_billion_laughs_are_refused_at_once() -> None:
    bomb = 'a: &a ["lol"]\n' + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
    started = time.perf_counter()
    assert "Anchors and aliases" in found(bomb)[0][2]
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "text",
    ["{" + "a," * 4_000 + "}", "tools: [" + "a," * 4_000 + "]", "tools:\n" + "- nme: x\n" * 7_000, "tools:\n" + "- name: x\n" * 6_000],
)
def test_g10_no_more_than_a_hundred_problems_are_told_and_looked_for(text: str) -> None:
    assert 1 <= len(found(text)) <= MOST_PROBLEMS


def test_g10_policy_that_takes_too_long_to_read_is_refused(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.policy.policy.WorkLimits", lambda cpu_s: WorkLimits(cpu_s=1, wall_s=0.5))
    with tenant_scope(alpha.tenant.id), pytest.raises(PolicyInvalid, match=r"cannot be read\. It took longer"):
        save_policy(tenant=alpha.tenant, yaml="tools: [" + "a," * 30_000 + "]", version=1, by=alpha.owner)


def test_g10_long_policy_is_read_as_a_short_one_is(alpha: House) -> None:
    rules = "tools:\n  - name: calculator\n    requires_approval: true\n" + "# and so on\n" * 1_000
    with tenant_scope(alpha.tenant.id):
        saved = save_policy(tenant=alpha.tenant, yaml=rules, version=1, by=alpha.owner)
        assert saved.rules == read_policy(rules, frozenset({"calculator"})).as_json()
        with pytest.raises(PolicyInvalid) as refused:
            save_policy(tenant=alpha.tenant, yaml=rules + "tols: 1", version=2, by=alpha.owner)
    assert refused.value.details["problems"][0]["line"] == 1_004


def test_versions_that_differ_in_everything_are_shown_as_replaced_and_not_compared_line_by_line() -> None:
    lines = [f"#{number:x}" for number in range(12_000)]
    first = PolicyVersion(number=1, yaml="\n".join(["tools: []", *lines, "# end"]))
    second = PolicyVersion(number=2, yaml="\n".join(["tools: []", *reversed(lines), "# end"]))
    began = time.perf_counter()
    diff = policy_diff(first, second)
    assert time.perf_counter() - began < 1
    assert diff[:4] == ["--- version 1", "+++ version 2", "@@ -2,12000 +2,12000 @@", "-#0"] and diff[-1] == "+#0"


def test_a_version_is_saved_on_top_of_the_one_that_was_seen(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        save_policy(tenant=alpha.tenant, yaml="tools:\n  - name: calculator\n", version=1, by=alpha.owner)
        with pytest.raises(StaleRevision) as stale:
            save_policy(tenant=alpha.tenant, yaml="tools: []", version=1, by=alpha.owner)
        assert stale.value.details == {"version": 2, "yaml": "tools:\n  - name: calculator\n"}
        second, first = PolicyVersion.objects.order_by("-number")
        assert "+  - name: calculator" in policy_diff(first, second)


def test_only_managers_save(alpha: House) -> None:
    editor = alpha.member("editor", MemberRole.EDITOR)
    with tenant_scope(alpha.tenant.id), pytest.raises(Forbidden):
        save_policy(tenant=alpha.tenant, yaml="tools: []", version=1, by=editor)


def test_the_api_answers_problems_with_line_and_column(alpha: House) -> None:
    response = alpha.client().put("/api/v1/policy", {"yaml": "tols: []", "version": 1}, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_policy"
    problem = response.json()["details"]["problems"][0]
    assert (problem["line"], problem["column"], problem["cure"]) == (1, 1, "Did you mean 'tools'?")


def test_the_api_saves_and_lists_versions(alpha: House) -> None:
    client = alpha.client()
    assert client.put("/api/v1/policy", {"yaml": "tools: []\n", "version": 1}, content_type="application/json").json()["version"] == 2
    assert client.put("/api/v1/policy", {"yaml": "tools: []\n", "version": 1}, content_type="application/json").status_code == 409
    assert [version["number"] for version in client.get("/api/v1/policy/versions").json()["versions"]] == [2, 1]


def test_the_page_keeps_what_was_typed_and_shows_each_problem(alpha: House) -> None:
    page = alpha.client().post("/policy/", {"yaml": "tools:\r\n  - nme: x", "version": "1"})
    assert page.status_code == 400
    assert "line 2, column 5" in page.content.decode() and "- nme: x" in page.content.decode()


def test_the_page_shows_the_newer_version_beside_ones_own(alpha: House) -> None:
    page = alpha.client().post("/policy/", {"yaml": "tools: [] # mine", "version": "0"})
    assert page.status_code == 409
    assert "# mine" in page.content.decode() and "# canary" in page.content.decode()
    assert alpha.client().post("/policy/", {"yaml": "tools: []", "version": "1"}).status_code == 302
    assert "What it changed" in alpha.client().get("/policy/versions/2/").content.decode()
