"""What makes the wall's setting more than a word: only who knows this installation's secret key can say for whom a query works.

A query's scope is told as `<scope>.<seal>`; the seal is SHA-256 over secret, scope, secret. The secret is derived from the
secret key, and kept in a table that only the role that migrates may read. A function of that role reads the setting for
the policies of all walled tables, so that SQL which the application's role is made to run cannot widen its scope.
"""

import hashlib
from functools import cache, lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.crypto import salted_hmac

from tenants.isolation.scope import SYSTEM, Scope, system_scope

SETTING: Final = "baton.scope"
TABLE: Final = "baton_wall"
VISIBLE: Final = "tenant_id = (SELECT NULLIF(NULLIF(baton_scope(), 'system'), '')::uuid) OR (SELECT baton_scope()) = 'system'"
"""Whether a row may be seen and written. Each SELECT is worked out once in a query, not for every row."""

_TABLE = f"CREATE TABLE IF NOT EXISTS {TABLE} (secret bytea NOT NULL)"
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION baton_scope() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    told text := current_setting('{SETTING}', true);
    scope text := split_part(told, '.', 1);
BEGIN
    IF told <> '' AND EXISTS (
        SELECT FROM {{schema}}.{TABLE} wall
        WHERE told = scope || '.' || encode(sha256(wall.secret || convert_to(scope, 'UTF8') || wall.secret), 'hex')
    ) THEN
        RETURN scope;
    END IF;
    RETURN '';
END
$body$
"""


@lru_cache(maxsize=1024)
def told(scope: Scope) -> str:
    """The setting's value for a scope; empty for none."""
    if scope is None:
        return ""
    name = str(scope) if isinstance(scope, UUID) else SYSTEM.value
    secret = _secret()
    return f"{name}.{hashlib.sha256(secret + name.encode() + secret).hexdigest()}"


@cache
def _secret() -> bytes:
    digest: bytes = salted_hmac("baton.row_security", "", algorithm="sha256").digest()
    return digest


def put_up(connection: BaseDatabaseWrapper) -> None:
    """Have table, function and this installation's secret in the database, at one moment. For the role that migrates."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
        cursor.execute(_TABLE)
        cursor.execute(f"REVOKE ALL ON {TABLE} FROM PUBLIC")
        cursor.execute(_FUNCTION.replace("{schema}", schema))
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - a constant
        cursor.execute(f"INSERT INTO {TABLE} VALUES (%s)", [_secret()])  # noqa: S608 - a constant


def is_there(connection: BaseDatabaseWrapper) -> bool:
    """Whether the wall was put up: before the first migration there is nothing to be walled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [TABLE])
        return bool(cursor.fetchone()[0])


def is_ours(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database believes what this process says: both have the same secret."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT baton_scope()")
        return bool(cursor.fetchone()[0])
