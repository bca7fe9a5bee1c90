"""PostgreSQL's row-level security as the second lock, as migration operations."""

from typing import Any, ClassVar

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tenants.isolation.postgresql.seal import VISIBLE, put_up


class WallOperation(Operation):
    """Changes no model, and nothing but PostgreSQL: other databases have only the first lock, the managers."""

    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            self.raise_wall(app_label, schema_editor, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            self.take_down(app_label, schema_editor, from_state)

    def raise_wall(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        raise NotImplementedError

    def take_down(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        """What is better kept stays."""


class EnableRowSecurity(WallOperation):
    """Only rows of the tenant being worked for exist, unless the platform itself is at work.

    Forced, so that it binds the owner of the table as well.
    """

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def raise_wall(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        put_up(schema_editor.connection)
        table, visible = table_of(app_label, self.model_name, schema_editor, state), self.visible(app_label, schema_editor, state)
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"CREATE POLICY tenant_wall ON {table} USING ({visible}) WITH CHECK ({visible})")

    def take_down(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        table = table_of(app_label, self.model_name, schema_editor, state)
        schema_editor.execute(f"DROP POLICY tenant_wall ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def visible(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> str:
        return VISIBLE

    def describe(self) -> str:
        return f"Put {self.model_name} behind the tenant wall"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.model_name], {})


class EnableRowSecurityThrough(EnableRowSecurity):
    """For rows without a tenant of their own: they exist where what they refer to by `field` does."""

    def __init__(self, model_name: str, field: str) -> None:
        super().__init__(model_name)
        self.field = field

    def visible(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> str:
        field = state.apps.get_model(app_label, self.model_name)._meta.get_field(self.field)
        quote = schema_editor.quote_name
        target = quote(field.remote_field.model._meta.db_table)
        return f"EXISTS (SELECT FROM {target} owner WHERE owner.id = {quote(field.column)})"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.model_name, self.field], {})


class SealScope(WallOperation):
    """Let the policies of tables that an earlier build has walled believe a sealed scope only."""

    _EARLIER: ClassVar[str] = (
        "SELECT quote_ident(tablename) FROM pg_policies"
        " WHERE policyname = 'tenant_wall' AND schemaname = current_schema() AND strpos(qual, 'baton.tenant') > 0"
    )

    def raise_wall(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        put_up(schema_editor.connection)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(self._EARLIER)
            for (table,) in cursor.fetchall():
                cursor.execute(f"ALTER POLICY tenant_wall ON {table} USING ({VISIBLE}) WITH CHECK ({VISIBLE})")

    def describe(self) -> str:
        return "Let the tenant wall believe a sealed scope only"


class KeepTenant(WallOperation):
    """A reference that leads to rows of the same tenant only: the foreign key includes the tenant, in place of the plain one."""

    def __init__(self, model_name: str, field: str) -> None:
        self.model_name, self.field = model_name, field

    def raise_wall(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        table = table_of(app_label, self.model_name, schema_editor, state)
        field = state.apps.get_model(app_label, self.model_name)._meta.get_field(self.field)
        column, target = field.column, field.remote_field.model._meta.db_table
        quote = schema_editor.quote_name
        key = quote(f"{target}_within_tenant")
        schema_editor.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {key} ON {quote(target)} (tenant_id, id)")
        for name in [*self._plain_keys(schema_editor, state, app_label, column), self._name(column)]:
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quote(name)}")
        schema_editor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {quote(self._name(column))} FOREIGN KEY (tenant_id, {quote(column)})"
            f" REFERENCES {quote(target)} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        )

    def _plain_keys(self, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState, app_label: str, column: str) -> list[str]:
        connection = schema_editor.connection
        table = state.apps.get_model(app_label, self.model_name)._meta.db_table
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        return [name for name, of in found.items() if of["foreign_key"] and of["columns"] == [column]]

    def _name(self, column: str) -> str:
        return f"{self.model_name}_{column}_same_tenant"

    def describe(self) -> str:
        return f"Keep {self.field} of {self.model_name} within the tenant"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.model_name, self.field], {})


def table_of(app_label: str, model_name: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> str:
    return str(schema_editor.quote_name(state.apps.get_model(app_label, model_name)._meta.db_table))
