"""Runs a test on a database of its own, with real commits, visible to threads and other processes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dj_database_url
from asgiref.sync import SyncToAsync
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from guardian.shortcuts import clear_ct_cache

from tests.runs.services import OWNER_ROLE, Postgres

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
}


@dataclass
class Database:
    """`url` is what DATABASE_URL must be for another process."""

    vendor: str
    url: str
    drop: Callable[[], None]


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Make `url` the default database of this process."""
    before = connections.databases["default"]
    connections["default"].close()
    settings = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    if settings["ENGINE"].endswith("sqlite3"):
        settings["OPTIONS"] = SQLITE_OPTIONS  # type: ignore[typeddict-unknown-key]
    else:
        settings["ENGINE"] = "tenants.isolation.postgresql"
    connections.databases["default"] = connections.configure_settings({"default": dict(settings)})["default"]
    del connections["default"]
    _forget_content_types()
    try:
        yield
    finally:
        connections["default"].close()
        connections.databases["default"] = before
        del connections["default"]
        _forget_content_types()


def gate_on_this_database() -> None:
    """The one thread in which the gate reads rights connects anew: it keeps its connection for as long as the process lives."""
    SyncToAsync.single_thread_executor.submit(_connect_anew).result(20)


def _connect_anew() -> None:
    connections["default"].close()
    del connections["default"]


def _forget_content_types() -> None:
    """The same type has another number in another database; Django and guardian each remember it."""
    ContentType.objects.clear_cache()
    clear_ct_cache()


class Templates:
    """Migrated once per test session, copied for each test."""

    def __init__(self, folder: Path, postgres: Callable[[], Postgres]) -> None:
        self._folder = folder
        self._start_postgres = postgres
        self._ready: set[str] = set()

    def fresh(self, vendor: str) -> Database:
        name = f"test_{uuid4().hex[:12]}"
        return self._sqlite(name) if vendor == "sqlite" else self._postgres(name)

    def _sqlite(self, name: str) -> Database:
        template = self._folder / "template.sqlite3"
        self._migrate("sqlite", f"sqlite:///{template}")
        path = self._folder / f"{name}.sqlite3"
        shutil.copy(template, path)
        return Database("sqlite", f"sqlite:///{path}", lambda: path.unlink(missing_ok=True))

    def _postgres(self, name: str) -> Database:
        server = self._start_postgres()
        if "postgresql" not in self._ready:
            server.create("baton_template")
        with override_settings(MIGRATION_ROLE=dj_database_url.parse(server.url("baton_template", OWNER_ROLE))):
            self._migrate("postgresql", server.url("baton_template"))
        return Database("postgresql", server.create(name, "baton_template"), lambda: server.drop(name))

    def _migrate(self, vendor: str, url: str) -> None:
        if vendor not in self._ready:
            with connected_to(url):
                call_command("migrate", verbosity=0)
            self._ready.add(vendor)
