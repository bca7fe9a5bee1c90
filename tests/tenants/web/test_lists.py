"""Every list of the REST API in one form: its rows page by page, with the cursor of the next."""

from typing import Any

import pytest
from django.test import Client

from editor.graphs.actions import create_graph, publish_version
from editor.library.actions import create_agent
from orchestrator.urls import urlpatterns
from tenants.isolation.scope import tenant_scope
from tenants.people.api_keys import create_api_key
from tenants.people.invitations import invite
from tenants.policy.policy import save_policy
from tenants.roles import MemberRole
from tests.tenants.cast import House, agent_document, graph_document
from tests.tenants.isolation.test_walk import routes

LISTS = {
    "graphs": "graphs",
    "graphs/alpha-graph/versions": "versions",
    "agents": "agents",
    "node-kinds": "kinds",
    "graphs/alpha-graph/files": "files",
    "graphs/alpha-graph/access": "people",
    "tools": "tools",
    "rights": "rights",
    "members": "members",
    "models": "models",
    "keys": "keys",
    "invitations": "invitations",
    "providers": "providers",
    "policy/versions": "versions",
    "runs": "runs",
    "approvals": "approvals",
    "costs": "rows",
    "memories": "memories",
    "memory-spaces": "spaces",
}
"""What the rows are called, by the address."""
SINGLE = {"agent-schema", "policy", "schema", "health", "health/live", "health/ready"}
"""Addresses without a parameter that are no lists."""
FEW = ("runs", "approvals", "costs", "providers", "tools", "graphs/alpha-graph/files", "memories", "memory-spaces")
"""What a house has less than three of."""


@pytest.fixture
def full(alpha: House) -> House:
    """At least three of most things."""
    with tenant_scope(alpha.tenant.id):
        for number, name in enumerate(("One", "Two"), start=1):
            create_graph(tenant=alpha.tenant, title=name, document=graph_document(name), by=alpha.owner)
            create_agent(tenant=alpha.tenant, agent=agent_document(name), by=alpha.owner)
            alpha.member(f"member-{name}", MemberRole.VIEWER)
            create_api_key(tenant=alpha.tenant, user=alpha.owner)
            invite(tenant=alpha.tenant, who=name, role=MemberRole.VIEWER, by=alpha.owner)
            publish_version(graph=alpha.graph, note=name, by=alpha.owner)
            save_policy(tenant=alpha.tenant, yaml=f"# {name}\ntools: []\n", version=number, by=alpha.owner)
    return alpha


def pages(client: Client, path: str, limit: int) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while cursor is not None:
        found.append(client.get(f"/api/v1/{path}?limit={limit}{cursor and f'&cursor={cursor}'}").json())
        cursor = found[-1]["next"]
    return found


def test_the_lists_are_all_there_are() -> None:
    """A new address without a parameter is a list of this form, or said to be none."""
    assert urlpatterns
    plain = {route.pattern.removeprefix("api/v1/") for route in routes() if route.pattern.startswith("api/v1/") and not route.parameters}
    assert plain - SINGLE == {path for path in LISTS if "/alpha-graph/" not in path}


@pytest.mark.parametrize("path", LISTS)
def test_read_one_by_one_a_list_is_the_same_as_at_once(full: House, path: str) -> None:
    client, name = full.client(), LISTS[path]
    whole = [row for page in pages(client, path, 200) for row in page[name]]
    alone = pages(client, path, 1 if len(whole) < 20 else 20)
    assert [row for page in alone for row in page[name]] == whole
    assert len(whole) >= 3 or path in FEW
    assert len(alone) > 1 or len(whole) < 2


def test_a_cursor_of_another_list_is_refused(full: House) -> None:
    client = full.client()
    cursor = client.get("/api/v1/agents?limit=1").json()["next"]
    for path in ("graphs", "keys", "policy/versions", "models"):
        answer = client.get(f"/api/v1/{path}?cursor={cursor}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value"), path
