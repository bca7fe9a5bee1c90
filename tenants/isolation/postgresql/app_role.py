"""The role as which the application works in PostgreSQL: what it must not be, and what it is granted."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.sql import SQL, Identifier

from tenants.isolation.postgresql.seal import TABLE, is_ours

_LOOK = f"""
SELECT current_user,
    EXISTS (SELECT FROM pg_roles role WHERE role.rolsuper AND pg_has_role(current_user, role.oid, 'MEMBER')),
    EXISTS (SELECT FROM pg_roles role WHERE role.rolbypassrls AND pg_has_role(current_user, role.oid, 'MEMBER')),
    pg_has_role(current_user, wall.relowner, 'MEMBER'),
    has_table_privilege(current_user, wall.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
FROM pg_class wall WHERE wall.oid = to_regclass('{TABLE}')
"""  # noqa: S608 - constants
CREATE = "CREATE ROLE baton_app LOGIN PASSWORD '...' NOSUPERUSER NOBYPASSRLS"


@dataclass(frozen=True, slots=True)
class Weakness:
    """Why PostgreSQL's wall would not hold."""

    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.message} {self.cure}"


def weakness_of(connection: BaseDatabaseWrapper) -> Weakness | None:
    """The worst about the role of this connection; None when the wall binds it, or there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK)
        found = cursor.fetchone()
    if found is None:
        return None
    role, superuser, bypasses, owner, reads = found
    if superuser or bypasses:
        what = "is a superuser, or may become one" if superuser else "bypasses row security, or may become a role that does"
        return Weakness(f"The database role {role!r} {what}: nothing would keep tenants apart.", f"Work as a role of its own: {CREATE}")
    if not is_ours(connection):
        return Weakness(
            "The database was migrated with another secret key: this process would see no tenant's rows.",
            "Give every process the same BATON_SECRET_KEY; after a change of the key, run `manage.py migrate`.",
        )
    if owner:
        return Weakness(
            f"The database role {role!r} owns the tables, so it can take their wall down.",
            f"Name it in BATON_MIGRATION_URL and another in DATABASE_URL ({CREATE}), then run `manage.py migrate`.",
        )
    if reads:
        return Weakness(f"The database role {role!r} may read or change what seals the wall.", f"REVOKE ALL ON {TABLE} FROM {role}")
    return None


def grant_rights(connection: BaseDatabaseWrapper, role: str) -> None:
    """Let `role` read and write rows, and nothing else. For the role that owns the tables."""
    schema = SQL("SCHEMA {}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        where, who = schema.format(Identifier(cursor.fetchone()[0])), Identifier(role)
        for grant in (
            "GRANT USAGE ON {} TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN {} TO {}",
            "GRANT USAGE ON ALL SEQUENCES IN {} TO {}",
        ):
            cursor.execute(SQL(grant).format(where, who))
        cursor.execute(SQL("REVOKE ALL ON {} FROM {}").format(Identifier(TABLE), who))
        cursor.execute(SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(who))
