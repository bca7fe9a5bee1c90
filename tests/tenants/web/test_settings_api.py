"""Members, tools, rights and provider keys over REST: the same actions as on the pages, with the rights of session or key."""

from typing import Any

import pytest
from django.test import Client

from tenants.isolation.scope import tenant_scope
from tenants.models import Membership, User
from tenants.people.api_keys import create_api_key
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
