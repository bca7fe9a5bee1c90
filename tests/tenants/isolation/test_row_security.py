"""The second lock: PostgreSQL refuses foreign rows whatever the code above it does."""

import random
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connections, transaction
from pytest_django import DjangoDbBlocker

from tenants.isolation.scope import SYSTEM, entered, system_scope, tenant_scope
from tenants.models import Tenant, TenantOwned, Tool
from tests.runs.services import Postgres
from tests.tenants.postgres_server import ALIAS, tables

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def walled(postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[UUID, UUID]]:
    """Two tenants with a tool each."""
    with django_db_blocker.unblock(), tables(postgres.host):
        tenants = []
        for name in ("alpha", "beta"):
            tenant = Tenant.objects.using(ALIAS).create(slug=name, name=name)
            with tenant_scope(tenant.id):
                Tool.objects.using(ALIAS).create(
                    tenant=tenant, name=f"tool-of-{name}", description="", parameters={}, safety="pure", definition_hash=""
                )
            tenants.append(tenant.id)
        yield tenants[0], tenants[1]


def raw(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def test_t17_raw_sql_without_a_scope_sees_no_row(walled: tuple[UUID, UUID]) -> None:
    assert raw("SELECT name FROM tenants_tool") == []
    with system_scope():
        assert len(raw("SELECT name FROM tenants_tool")) == 2


def test_t17_raw_sql_in_a_scope_sees_its_tenants_rows_only(walled: tuple[UUID, UUID]) -> None:
    with tenant_scope(walled[0]):
        assert raw("SELECT name FROM tenants_tool") == [("tool-of-alpha",)]
        assert raw("SELECT name FROM tenants_tool WHERE tenant_id = %s", walled[1]) == []


def test_t17_foreign_rows_can_be_neither_written_nor_moved_nor_deleted(walled: tuple[UUID, UUID]) -> None:
    with tenant_scope(walled[1]):
        with pytest.raises(DatabaseError, match="row-level security"):
            raw("INSERT INTO tenants_datakey (id, tenant_id, wrapped, created_at) VALUES (%s, %s, '', now())", uuid4(), walled[0])
        with pytest.raises(DatabaseError, match="row-level security"):
            raw("UPDATE tenants_tool SET tenant_id = %s", walled[0])
        raw("DELETE FROM tenants_tool WHERE tenant_id = %s", walled[0])
    with tenant_scope(walled[0]):
        assert Tool.objects.using(ALIAS).count() == 1


def test_t17_every_table_of_tenant_owned_rows_is_walled(walled: tuple[UUID, UUID]) -> None:
    owned = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantOwned)}
    with system_scope():
        forced = {name for (name,) in raw("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
        policies = {name for (name,) in raw("SELECT tablename FROM pg_policies WHERE policyname = 'tenant_wall'")}
    assert owned - forced == set(), "add EnableRowSecurity to a migration"
    assert owned - policies == set()


def test_t17_the_role_is_bound_by_the_policies(walled: tuple[UUID, UUID]) -> None:
    """Control: this is not a superuser, nor an owner, nor a role that bypasses the policies."""
    assert raw("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]
    assert raw("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == [(0,)]


def test_t16_a_thousand_interleavings_on_one_connection_never_carry_a_scope_over(walled: tuple[UUID, UUID]) -> None:
    dice = random.Random(17)
    names = {walled[0]: [("tool-of-alpha",)], walled[1]: [("tool-of-beta",)], None: []}
    everything = [("tool-of-alpha",), ("tool-of-beta",)]

    def look() -> None:
        scope = dice.choice([*walled, None, SYSTEM])
        with entered(scope):
            found = raw("SELECT name FROM tenants_tool ORDER BY name")
            assert found == (everything if scope is SYSTEM else names[scope])

    def fail() -> None:
        with entered(dice.choice(walled)):
            raw("SELECT 1 / 0")

    def inside(depth: int) -> None:
        for _ in range(dice.randint(1, 3)):
            look()
        if depth and dice.random() < 0.5:
            try:
                with transaction.atomic(using=ALIAS):
                    inside(depth - 1)
                    dice.choice([look, fail, _abort])()
            except (DatabaseError, _Abort):
                pass
            look()

    for _ in range(1000):
        inside(depth=3)


def test_t16_a_savepoint_set_in_one_scope_and_undone_in_another_carries_nothing_over(walled: tuple[UUID, UUID]) -> None:
    with transaction.atomic(using=ALIAS):
        with tenant_scope(walled[0]):
            point = transaction.savepoint(using=ALIAS)
        with tenant_scope(walled[1]):
            assert raw("SELECT name FROM tenants_tool") == [("tool-of-beta",)]
            transaction.savepoint_rollback(point, using=ALIAS)
            assert raw("SELECT name FROM tenants_tool") == [("tool-of-beta",)]


class _Abort(Exception):
    """The request failed half-way."""


def _abort() -> None:
    raise _Abort
