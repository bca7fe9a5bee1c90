"""T23: what the application's role may not do in PostgreSQL, even when it is made to run SQL of somebody's own."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connections, models
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker

from tenants.isolation.postgresql.app_role import weakness_of
from tenants.isolation.postgresql.seal import told
from tenants.isolation.row_security import SealScope
from tenants.isolation.scope import SYSTEM, system_scope, tenant_scope
from tenants.models import ServiceIdentity, Tenant, TenantOwned, Tool, ToolGrant, ToolUserObjectPermission, User
from tests.runs.services import Postgres
from tests.tenants.postgres_server import ALIAS, DATABASE, OWNER, ROLE, tables

pytestmark = pytest.mark.postgres

PUBLIC = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "baton_wall",
    "django_admin_log",
    "django_content_type",
    "django_migrations",
    "django_session",
    "guardian_groupobjectpermission",
    "guardian_userobjectpermission",
    "runs_probe",
    "runs_pulse",
    "tenants_signinthrottle",
    "tenants_tenant",
    "tenants_user",
    "tenants_user_groups",
    "tenants_user_user_permissions",
}
"""Tables of the platform: nothing in them is a tenant's. `baton_wall` is not the application's to read."""


@pytest.fixture(scope="module")
def server(postgres: Postgres, django_db_blocker: DjangoDbBlocker) -> Iterator[Postgres]:
    with django_db_blocker.unblock(), tables(postgres.host):
        yield postgres


@pytest.fixture(scope="module")
def tenants(server: Postgres) -> tuple[UUID, UUID]:
    """Two tenants with a tool each."""
    made = []
    for name in ("alpha", "beta"):
        tenant = Tenant.objects.using(ALIAS).create(slug=name, name=name)
        with tenant_scope(tenant.id):
            Tool.objects.using(ALIAS).create(tenant=tenant, name=name, description="", parameters={}, safety="pure", definition_hash="")
        made.append(tenant.id)
    return made[0], made[1]


@pytest.fixture
def injected(server: Postgres) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection of the application's role on which an attacker says every word."""
    with psycopg.connect(host=server.host, user=ROLE, dbname=DATABASE, autocommit=True) as connection:
        yield connection


def tools(connection: "psycopg.Connection[tuple[object, ...]]") -> list[object]:
    return [name for (name,) in connection.execute("SELECT name FROM tenants_tool").fetchall()]


def test_t23_setting_cannot_be_raised_without_the_secret_key(
    tenants: tuple[UUID, UUID], injected: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    guessed = [
        "system",
        "on",
        "system.",
        f"system.{'0' * 64}",
        ".",
        "x" * 100_000,
        str(tenants[1]),
        f"{tenants[1]}.{told(tenants[0])[37:]}",
    ]
    for value in guessed:
        injected.execute("SELECT set_config('baton.scope', %s, false), set_config('baton.system', 'on', false)", [value])
        assert tools(injected) == [], value[:80]
    injected.execute("SELECT set_config('baton.scope', %s, false)", [told(tenants[0])])
    assert tools(injected) == ["alpha"], "control: the seal is what opens it"


def test_t23_secret_can_be_neither_read_nor_replaced_nor_shadowed(injected: "psycopg.Connection[tuple[object, ...]]") -> None:
    for statement in (
        "SELECT secret FROM baton_wall",
        "UPDATE baton_wall SET secret = ''",
        "DELETE FROM baton_wall",
        "INSERT INTO baton_wall VALUES ('')",
        "TRUNCATE baton_wall",
        "CREATE OR REPLACE FUNCTION baton_scope() RETURNS text LANGUAGE sql AS $$ SELECT 'system' $$",
        "ALTER TABLE tenants_tool DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_tool NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_wall ON tenants_tool",
        f"SET ROLE {OWNER}",
        "SET SESSION AUTHORIZATION postgres",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
    ):
        with pytest.raises(psycopg.Error):
            injected.execute(statement)
    injected.execute("CREATE TEMP TABLE baton_wall (secret bytea); INSERT INTO baton_wall VALUES ('')")
    injected.execute("CREATE FUNCTION pg_temp.baton_scope() RETURNS text LANGUAGE sql AS $$ SELECT 'system' $$")
    injected.execute("SET search_path = pg_temp, public")
    seal = "encode(sha256(convert_to('system', 'UTF8')), 'hex')"
    injected.execute(f"SELECT set_config('baton.scope', 'system.' || {seal}, false)")
    assert tools(injected) == []


def test_t23_seal_is_not_shown_among_the_running_queries(
    tenants: tuple[UUID, UUID], injected: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    with system_scope(), connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT name FROM tenants_tool")
    with tenant_scope(tenants[0]), connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
        seen = " ".join(str(query) for (query,) in injected.execute("SELECT query FROM pg_stat_activity").fetchall())
        assert told(SYSTEM) not in seen and told(tenants[0]) not in seen
        assert "baton.scope" in seen or "SELECT 1" in seen, "control: the other session is shown"


def test_t23_every_table_is_walled_or_known_to_be_the_platforms(server: Postgres) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        there = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT tablename FROM pg_policies JOIN pg_class ON relname = tablename"
            " WHERE policyname = 'tenant_wall' AND relrowsecurity AND relforcerowsecurity"
        )
        walled = {name for (name,) in cursor.fetchall()}
    assert there - walled == PUBLIC, "a new table is a tenant's, then EnableRowSecurity, or the platform's, then it is listed here"
    assert walled >= {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantOwned)}


def within_one_tenant() -> list[tuple[type[models.Model], "models.ForeignKey[models.Model]"]]:
    """Every reference between walled rows."""
    owned = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
    fields = [(model, field) for model in owned for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]
    return [(model, field) for model, field in fields if issubclass(field.related_model, TenantOwned)]  # type: ignore[arg-type]


def test_t23_references_between_walled_rows_include_the_tenant(server: Postgres) -> None:
    assert len(within_one_tenant()) >= 14
    with connections[ALIAS].cursor() as cursor:
        for model, field in within_one_tenant():
            cursor.execute(
                "SELECT conname, (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute"
                "  WHERE attrelid = conrelid AND attnum = ANY (conkey))"
                " FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
                [model._meta.db_table],
            )
            keys = [columns for _, columns in cursor.fetchall() if field.column in columns]
            assert keys == [sorted([field.column, "tenant_id"])], f"add KeepTenant({model._meta.model_name!r}, {field.name!r})"


def test_t23_row_cannot_point_across_tenants_even_where_the_platform_works(tenants: tuple[UUID, UUID]) -> None:
    mine, foreign = tenants
    with system_scope():
        tool = Tool.objects.using(ALIAS).get(tenant=foreign)
        user = User.objects.using(ALIAS).create(username="service", is_service=True)
        identity = ServiceIdentity.objects.using(ALIAS).create(tenant_id=mine, name="one", user=user)
        with pytest.raises(DatabaseError, match="same_tenant"):
            ToolGrant.objects.using(ALIAS).create(tenant_id=mine, identity=identity, tool=tool)


def test_t23_permission_exists_where_its_object_does(tenants: tuple[UUID, UUID]) -> None:
    mine, foreign = tenants
    with system_scope():
        holder = User.objects.using(ALIAS).create(username="holder", is_service=True)
        use = Permission.objects.using(ALIAS).get(codename="use_tool", content_type__app_label="tenants")
        held = [ToolUserObjectPermission(user=holder, permission=use, content_object=tool) for tool in Tool.objects.using(ALIAS).all()]
        ToolUserObjectPermission.objects.using(ALIAS).bulk_create(held)
    with tenant_scope(mine):
        assert [held.content_object.tenant_id for held in ToolUserObjectPermission.objects.using(ALIAS).all()] == [mine]
    with tenant_scope(foreign):
        assert ToolUserObjectPermission.objects.using(ALIAS).count() == 1
    assert ToolUserObjectPermission.objects.using(ALIAS).count() == 0


@pytest.mark.parametrize(
    ("rights", "says"),
    [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS", "bypasses row security"),
        (f"IN ROLE {OWNER}", "owns the tables"),
        ("IN ROLE postgres", "is a superuser, or may become one"),
        (f"IN ROLE {ROLE}", ""),
    ],
)
def test_t23_role_that_the_wall_does_not_bind_is_told(server: Postgres, rights: str, says: str) -> None:
    with psycopg.connect(host=server.host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE ROLE t23_tried LOGIN {rights}")
        connection = connections[ALIAS]
        user, connection.settings_dict["USER"] = connection.settings_dict["USER"], "t23_tried"
        connection.close()
        try:
            weakness = weakness_of(connection)
        finally:
            connection.close()
            connection.settings_dict["USER"] = user
            admin.execute("DROP ROLE t23_tried")
    assert says in str(weakness) if says else weakness is None


def test_t23_database_of_another_secret_key_is_told(server: Postgres) -> None:
    with psycopg.connect(host=server.host, user=OWNER, dbname=DATABASE, autocommit=True) as owner:
        (secret,) = owner.execute("SELECT secret FROM baton_wall").fetchone() or (b"",)
        owner.execute("UPDATE baton_wall SET secret = 'another'")
        try:
            assert "another secret key" in str(weakness_of(connections[ALIAS]))
        finally:
            owner.execute("UPDATE baton_wall SET secret = %s", [secret])
    assert weakness_of(connections[ALIAS]) is None


def test_t23_wall_of_an_earlier_build_is_sealed_by_the_migration(server: Postgres, tenants: tuple[UUID, UUID]) -> None:
    earlier = "(SELECT current_setting('baton.system', true)) = 'on' OR tenant_id = NULLIF(current_setting('baton.tenant', true), '')::uuid"
    connection = connections[ALIAS]
    user, connection.settings_dict["USER"] = connection.settings_dict["USER"], OWNER
    connection.close()
    try:
        with connection.schema_editor() as editor:
            editor.execute(f"ALTER POLICY tenant_wall ON tenants_tool USING ({earlier}) WITH CHECK ({earlier})")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('baton.system', 'on', false)")
            cursor.execute("SELECT count(*) FROM tenants_tool")
            assert cursor.fetchone() == (2,), "control: the earlier wall believes anybody"
        with connection.schema_editor() as editor:
            SealScope().raise_wall("tenants", editor, ProjectState())
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenants_tool")
            assert cursor.fetchone() == (0,)
        with tenant_scope(tenants[0]):
            assert Tool.objects.using(ALIAS).count() == 1
    finally:
        connection.close()
        connection.settings_dict["USER"] = user
