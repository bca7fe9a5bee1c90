"""Our tables in PostgreSQL, seen by a role that owns nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections

from tenants.isolation.postgresql.app_role import grant_rights

ALIAS = "walled"
DATABASE = "walls"
OWNER, ROLE = "walls_owner", "walls_app"


@contextmanager
def tables(host: str) -> Iterator[None]:
    """Our tables, migrated by their owner; the connection `walled` is a role that row-level security binds."""
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
        for role in (OWNER, ROLE):
            admin.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS")
        admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    connections.settings[ALIAS] = _settings(host, OWNER)
    call_command("migrate", database=ALIAS, verbosity=0)
    grant_rights(connections[ALIAS], ROLE)
    _drop()
    connections.settings[ALIAS] = _settings(host, ROLE)
    try:
        yield
    finally:
        _drop()
        del connections.settings[ALIAS]
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            for role in (ROLE, OWNER):
                admin.execute(f"DROP ROLE {role}")


def _drop() -> None:
    connections[ALIAS].close()
    del connections[ALIAS]


def _settings(host: str, role: str) -> dict[str, Any]:
    template = dict(connections.settings["default"])
    own = {
        "ENGINE": "tenants.isolation.postgresql",
        "NAME": DATABASE,
        "USER": role,
        "PASSWORD": "",
        "HOST": host,
        "PORT": "",
        "OPTIONS": {},
    }
    return template | own | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False}
