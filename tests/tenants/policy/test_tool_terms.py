"""What a workspace allows a tool less: by its managers, for itself alone, never more than the tool's own."""

import pytest

from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.capabilities.tools.terms import Lowered
from tenants.isolation.scope import tenant_scope
from tenants.models import Tool
from tenants.policy.tools import install_tools, lowered
from tenants.roles import MemberRole
from tests.tenants.cast import House


@pytest.fixture
def furnished(alpha: House) -> House:
    with tenant_scope(alpha.tenant.id):
        install_tools(tenant=alpha.tenant, specs=all_specs())
    return alpha


def named(house: House, name: str) -> Tool:
    with tenant_scope(house.tenant.id):
        return Tool.objects.get(name=name)


def test_the_page_of_a_tool_says_what_it_does_and_takes(furnished: House) -> None:
    shown = furnished.client().get(f"/settings/tools/{named(furnished, 'csv_lookup').pk}/").content.decode()
    for said in ("CSV lookup", "Find the rows of a CSV file", "The column to compare", "Each try ends after 10 s", "It changes nothing"):
        assert said in shown
    assert f"/settings/tools/{named(furnished, 'csv_lookup').pk}/" in furnished.client().get("/settings/tools/").content.decode()


def test_a_manager_lowers_the_limits_and_they_stay_when_tools_are_installed_again(furnished: House) -> None:
    tool = named(furnished, "http_get")
    sent = {"timeout_s": "2.5", "retries": "", "per_minute": "30"}
    told = furnished.client().post(f"/settings/tools/{tool.pk}/terms/", sent, follow=True).content.decode()
    assert "The limits of http_get are saved." in told and "Each try ends after 2.5 s" in told and "At most 30 calls in a minute" in told
    with tenant_scope(furnished.tenant.id):
        Tool.objects.update(definition_hash="of an earlier build")
        install_tools(tenant=furnished.tenant, specs=all_specs())
    assert lowered(named(furnished, "http_get")) == Lowered(timeout_s=2.5, per_minute=30)
    furnished.client().post(f"/settings/tools/{tool.pk}/terms/", {"timeout_s": "", "per_minute": " "})
    assert lowered(named(furnished, "http_get")) == Lowered()


WRONG = [("timeout_s", "36"), ("timeout_s", "0"), ("timeout_s", "nan"), ("timeout_s", "-inf"), ("timeout_s", "x"), ("retries", "1.5")]


@pytest.mark.parametrize(("field", "value"), [*WRONG, ("retries", "-1"), ("retries", "11"), ("per_minute", "0"), ("per_minute", "9" * 30)])
def test_limits_that_are_none_change_nothing_and_say_what_is_expected(furnished: House, field: str, value: str) -> None:
    tool = named(furnished, "http_get")
    told = furnished.client().post(f"/settings/tools/{tool.pk}/terms/", {field: value}, follow=True).content.decode()
    assert "Leave it empty" in told or "leave the field empty" in told
    assert lowered(named(furnished, "http_get")) == Lowered()


def test_only_managers_of_its_own_workspace_change_the_limits_of_a_tool(furnished: House, beta: House) -> None:
    tool = named(furnished, "http_get")
    sent = {"per_minute": "1"}
    for role in (MemberRole.VIEWER, MemberRole.EDITOR, MemberRole.OPERATOR):
        client = furnished.client(furnished.member(f"some-{role.value}", role))
        assert client.get(f"/settings/tools/{tool.pk}/").status_code == 200
        assert client.post(f"/settings/tools/{tool.pk}/terms/", sent).status_code == 403
    beta.client().post(f"/settings/tools/{tool.pk}/terms/", sent)
    assert beta.client().get(f"/settings/tools/{tool.pk}/").status_code == 404
    assert lowered(named(furnished, "http_get")) == Lowered()
