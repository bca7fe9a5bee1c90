"""What a request's API key stands for, read by one statement."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from tenants.isolation.scope import system_scope
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.people.api_keys import create_api_key, key_and_membership
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
