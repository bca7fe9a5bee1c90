"""Members, tools, rights and provider keys over REST: the same actions as on the pages, with the rights of session or key."""

from typing import Any

import pytest
from django.test import Client

from orchestrator.capabilities.tools.registry import all_specs, shipped_and_added
from tenants.isolation.scope import tenant_scope
from tenants.models import Membership, User
from tenants.people.api_keys import create_api_key
from tenants.policy.cards import SAFETY
from tenants.policy.tools import install_tools
from tenants.roles import MemberRole
from tests.tenants.cast import CANARY, House
from tests.tenants.isolation.test_walk import ALL_ROUTES, Route, known_parameters, of_pattern


class Program:
    """Speaks with a key."""

    def __init__(self, house: House, user: User) -> None:
        with tenant_scope(house.tenant.id):
            secret = create_api_key(tenant=house.tenant, user=user).secret
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        more = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(self.client, method)(f"/api/v1/{path}", **more)


@pytest.fixture
def manager(alpha: House) -> Program:
    return Program(alpha, alpha.owner)


def of(house: House, user: User) -> Membership:
    with tenant_scope(house.tenant.id):
        return Membership.objects.get(user=user)


def test_members_are_listed_changed_and_removed(alpha: House, manager: Program) -> None:
    person = alpha.member("casey", MemberRole.VIEWER)
    where = f"members/{of(alpha, person).pk}"
    assert {row["user"] for row in manager.send("get", "members").json()["members"]} == {"alpha-owner", "casey"}
    changed = manager.send("put", where, {"role": "editor"})
    assert (changed.status_code, changed.json()["role"]) == (200, "editor")
    assert manager.send("put", where, {"role": "king"}).status_code == 400
    own = Program(alpha, person)
    assert own.send("get", "members").status_code == 200
    assert own.send("put", where, {"role": "owner"}).status_code == own.send("delete", where).status_code == 403
    assert manager.send("delete", where).status_code == 204
    assert own.send("get", "members").status_code == 401
    last = manager.send("delete", f"members/{alpha.membership.pk}")
    assert (last.status_code, last.json()["code"]) == (409, "conflict")


def test_an_admin_does_not_handle_owners(alpha: House) -> None:
    admin = Program(alpha, alpha.member("admin", MemberRole.ADMIN))
    assert admin.send("put", f"members/{alpha.membership.pk}", {"role": "viewer"}).status_code == 403
    assert admin.send("delete", f"members/{alpha.membership.pk}").status_code == 403


NOTHING_LOWERED = {"timeout_s": None, "retries": None, "per_minute": None}


@pytest.fixture
def furnished(alpha: House) -> House:
    with tenant_scope(alpha.tenant.id):
        install_tools(tenant=alpha.tenant, specs=all_specs())
    return alpha


def test_a_tool_is_listed_with_its_card(furnished: House) -> None:
    rows = {row["name"]: row for row in Program(furnished, furnished.owner).send("get", "tools?limit=200").json()["tools"]}
    known = shipped_and_added()
    for name in ("http_get", "sql_query", "calculator"):
        row, tool = rows[name], known[name]
        assert (row["example"], row["touches"]) == (tool.example, tool.touches) and row["example"] and row["touches"]
        own = {"timeout_s": tool.terms.timeout_s, "retries": tool.terms.retry.times, "per_minute": tool.terms.per_minute}
        assert row["own_terms"] == row["terms"] == own
    assert rows["http_get"]["if_cut_off"] == SAFETY[rows["http_get"]["safety"]]


def test_the_terms_of_a_tool_are_lowered_in_whole_and_in_part(furnished: House) -> None:
    manager = Program(furnished, furnished.owner)
    assert manager.send("get", "tools/http_get/terms").json() == NOTHING_LOWERED
    lowered = {"timeout_s": 2.5, "retries": 0, "per_minute": 30}
    put = manager.send("put", "tools/http_get/terms", lowered)
    assert (put.status_code, put.json()) == (200, lowered)
    assert manager.send("get", "tools/http_get").json()["terms"] == lowered
    assert manager.send("patch", "tools/http_get/terms", {"retries": None}).json() == lowered | {"retries": None}
    assert manager.send("get", "tools/http_get/terms").json() == lowered | {"retries": None}
    assert manager.send("patch", "tools/http_get/terms", {}).json() == lowered | {"retries": None}
    assert manager.send("put", "tools/http_get/terms", NOTHING_LOWERED).json() == NOTHING_LOWERED


WRONG_TERMS: list[dict[str, Any]] = [
    {"timeout_s": 36_000},
    {"timeout_s": 0},
    {"timeout_s": "2"},
    {"timeout_s": True},
    {"timeout_s": []},
    {"retries": 1.5},
    {"retries": -1},
    {"retries": 11},
    {"retries": "1"},
    {"per_minute": 0},
    {"per_minute": False},
    {"per_minute": 2**31},
    {"per_minute": 200_000},
    {"seconds": 1},
]


@pytest.mark.parametrize("wrong", WRONG_TERMS, ids=str)
def test_terms_that_are_none_change_nothing(furnished: House, wrong: dict[str, Any]) -> None:
    manager = Program(furnished, furnished.owner)
    for refused in (
        manager.send("patch", "tools/http_get/terms", wrong),
        manager.send("put", "tools/http_get/terms", NOTHING_LOWERED | wrong),
        manager.send("put", "tools/http_get/terms", wrong),
        manager.send("patch", "tools/http_get/terms", [wrong]),
    ):
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_value")
    assert manager.send("get", "tools/http_get/terms").json() == NOTHING_LOWERED


def test_only_managers_lower_terms_of_a_tool_that_there_is(furnished: House) -> None:
    manager = Program(furnished, furnished.owner)
    assert manager.send("get", "tools/no_tool/terms").status_code == 404
    assert manager.send("put", "tools/no_tool/terms", NOTHING_LOWERED).status_code == 404
    for role in (MemberRole.VIEWER, MemberRole.EDITOR, MemberRole.OPERATOR):
        some = Program(furnished, furnished.member(f"some-{role.value}", role))
        assert some.send("get", "tools/http_get/terms").status_code == 200
        assert some.send("put", "tools/http_get/terms", NOTHING_LOWERED).status_code == 403
        assert some.send("patch", "tools/http_get/terms", {"per_minute": 1}).status_code == 403


def test_tools_are_switched_off_and_on(alpha: House, manager: Program) -> None:
    assert manager.send("put", "tools/calculator", {"enabled": False}).json()["enabled"] is False
    assert manager.send("get", "tools/calculator").json()["enabled"] is False
    assert manager.send("put", "tools/calculator", {"enabled": 1}).status_code == 400
    assert manager.send("put", "tools/no_tool", {"enabled": True}).status_code == 404
    editor = Program(alpha, alpha.member("editor", MemberRole.EDITOR))
    assert editor.send("put", "tools/calculator", {"enabled": True}).status_code == 403


def state(manager: Program, identity: str, tool: str) -> str:
    rows = {row["name"]: row for row in manager.send("get", "rights").json()["rights"]}
    return str({each["name"]: each["state"] for each in rows[identity]["tools"]}[tool])


def test_rights_are_given_and_taken_away(alpha: House, manager: Program) -> None:
    name, where = alpha.identity.name, f"rights/{alpha.identity.pk}"
    assert (state(manager, name, "calculator"), state(manager, name, "http_request")) == ("granted", "never")
    assert manager.send("delete", f"{where}/calculator").status_code == manager.send("put", f"{where}/http_request").status_code == 204
    assert (state(manager, name, "calculator"), state(manager, name, "http_request")) == ("revoked", "granted")
    editor = Program(alpha, alpha.member("editor", MemberRole.EDITOR))
    assert {editor.send(method, f"{where}/calculator").status_code for method in ("put", "delete")} == {403}
    assert state(manager, name, "calculator") == "revoked"


def test_s07_provider_keys_are_written_and_never_read(manager: Program) -> None:
    secret = f"sk-{CANARY}-0123456789-0123456789"
    saved = manager.send("put", "providers/openai", {"value": secret})
    listed = manager.send("get", "providers")
    assert saved.status_code == 200 and set(saved.json()) == {"name", "mask", "updated_at"}
    assert secret not in saved.content.decode() + listed.content.decode() + manager.send("get", "providers/openai").content.decode()
    assert manager.send("delete", "providers/openai").status_code == 204
    assert manager.send("get", "providers/openai").status_code == 404


def test_head_needs_the_same_role_as_get(alpha: House) -> None:
    """On every address, by everybody."""
    values = known_parameters(alpha)[0]
    for role in MemberRole:
        client = alpha.client(alpha.member(f"head-{role}", role))
        for pattern, parameters in ALL_ROUTES:
            if pattern.startswith("api/v1/"):
                url = Route(pattern, parameters).url(of_pattern(values, pattern))
                assert client.head(url).status_code == client.get(url).status_code, (role, pattern)
    assert client.head("/api/v1/invitations").status_code == 200
    viewer = alpha.client(alpha.member("viewer", MemberRole.VIEWER))
    assert viewer.head("/api/v1/invitations").status_code == 403
