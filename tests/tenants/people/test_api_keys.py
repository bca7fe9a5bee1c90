"""What a request's API key stands for, read by one statement."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.people.api_keys import create_api_key, key_and_membership, revoke_api_key
from tenants.people.invitations import InvitationRefused, accept, invite, usable_invitation
from tenants.problems import NotSignedIn
from tenants.roles import MemberRole
from tests.runs.factories import member, world


def read_columns(row: Model) -> dict[str, Any]:
    """The columns that a row has without asking the database again."""
    absent = row.get_deferred_fields()
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in absent}


def test_a_key_is_found_with_the_rows_as_they_are(database: Any) -> None:
    place = world()
    person = member(place.tenant, MemberRole.EDITOR)
    User.objects.filter(pk=person.pk).update(first_name="Ada", last_name="Lovelace", is_staff=True, email="ada@example.org")
    with system_scope():
        made = create_api_key(tenant=place.tenant, user=person)
        key_and_membership(made.secret)  # notes that it was used
        with CaptureQueriesContext(connection) as asked:
            found = key_and_membership(made.secret)
        assert found is not None and len(asked) == 1
        key, membership = found
        rows = [
            (key, ApiKey.objects.get(pk=made.row.pk)),
            (membership, Membership.objects.get(user=person)),
            (membership.user, User.objects.get(pk=person.pk)),
            (membership.tenant, Tenant.objects.get(pk=place.tenant.pk)),
        ]
        for read, stored in rows:
            assert read_columns(read).items() <= read_columns(stored).items()
            assert type(read).objects.filter(pk=read.pk).exists()  # type: ignore[attr-defined]
        assert membership.user.email == "ada@example.org" and membership.user.name == "Ada Lovelace"


@pytest.mark.parametrize("wrong", ["revoked", "inactive", "no member"])
def test_a_key_without_effect_is_not_found(database: Any, wrong: str) -> None:
    place = world()
    with system_scope():
        made = create_api_key(tenant=place.tenant, user=place.user)
        assert key_and_membership(made.secret) is not None
        if wrong == "revoked":
            ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
        elif wrong == "inactive":
            User.objects.update(is_active=False)
        else:
            Membership.objects.all().delete()
        assert key_and_membership(made.secret) is None


def asking(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def made_with(secret: str, **body: Any) -> dict[str, Any]:
    answer = asking(secret).post("/api/v1/keys", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def holds(secret: str) -> bool:
    return asking(secret).get("/api/v1/graphs").status_code == 200


def test_a_key_cannot_make_keys_that_outlive_it(database: Any) -> None:
    """T10: revoking a key revokes what was made with it, and what was made with that."""
    place = world()
    with system_scope():
        leaked = create_api_key(tenant=place.tenant, user=place.user)
        other = create_api_key(tenant=place.tenant, user=place.user)
    child = made_with(leaked.secret, label="child")
    grandchild = made_with(child["key"])
    assert child["made_with"] == str(leaked.row.pk) and holds(grandchild["key"])
    assert asking(other.secret).delete(f"/api/v1/keys/{leaked.row.pk}").status_code == 204
    assert [holds(secret) for secret in (leaked.secret, child["key"], grandchild["key"], other.secret)] == [False, False, False, True]


def test_a_key_that_was_made_with_one_ends_no_later(database: Any) -> None:
    place, now = world(), timezone.now()
    with system_scope():
        parent = create_api_key(tenant=place.tenant, user=place.user, expires_at=now + timedelta(days=2))
    for wanted, days in ((None, 2), (now + timedelta(days=1), 1), (now + timedelta(days=9), 2)):
        made = made_with(parent.secret, expires_at=wanted.isoformat() if wanted else None)
        assert datetime.fromisoformat(made["expires_at"]) == now + timedelta(days=days)
    with system_scope():
        ApiKey.objects.update(expires_at=now - timedelta(seconds=1))
    assert not holds(parent.secret)
    with tenant_scope(place.tenant.pk), pytest.raises(NotSignedIn):
        create_api_key(tenant=place.tenant, user=place.user, made_with=parent.row)


def test_an_invitation_made_with_a_key_ends_with_it(database: Any) -> None:
    """T21: else a key that leaked would bring in members after it was revoked."""
    place, guest = world(), member(world().tenant, MemberRole.OWNER)
    with system_scope():
        leaked = create_api_key(tenant=place.tenant, user=place.user)
    body = {"who": "bob", "role": "admin"}
    link = asking(leaked.secret).post("/api/v1/invitations", body, content_type="application/json").json()["link"]
    token = link.rstrip("/").rpartition("/")[2]
    assert usable_invitation(token)
    with tenant_scope(place.tenant.pk):
        revoke_api_key(key_id=leaked.row.pk, by=place.user)
    with pytest.raises(InvitationRefused):
        accept(token=token, user=guest)
    with tenant_scope(place.tenant.pk):
        assert invite(tenant=place.tenant, who="bob", role=MemberRole.VIEWER, by=place.user)


NO_END = ["soon", 7, "2026-01-31", "2026-01-31T12:00:00", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", True, []]


@pytest.mark.parametrize("wrong", NO_END)
def test_a_moment_at_which_no_key_can_end_is_refused(database: Any, wrong: object) -> None:
    place = world()
    with system_scope():
        key = create_api_key(tenant=place.tenant, user=place.user)
    answer = asking(key.secret).post("/api/v1/keys", {"expires_at": wrong}, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["code"] == "invalid_value"


def test_the_page_makes_keys_that_end(database: Any) -> None:
    place = world()
    client = Client()
    client.force_login(place.user, backend="django.contrib.auth.backends.ModelBackend")
    for days in ("90", ""):
        assert client.post("/settings/keys/create/", {"label": "x", "days": days}).status_code == 200
    assert client.post("/settings/keys/create/", {"label": "x", "days": "100000"}).status_code == 400
    with system_scope():
        assert [key.expires_at is None for key in ApiKey.objects.order_by("created_at")] == [False, True]
