"""Databases and servers that exist only while something is measured, under /tmp."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

REPOSITORY = Path(__file__).resolve().parents[2]


def prepare_django() -> None:
    """The product's settings with a data folder of its own. Call before anything of Django is imported."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings.test")
    django.setup()


@contextmanager
def scratch_database(vendor: str) -> Iterator[str]:
    """A fresh migrated database, `sqlite` or `postgresql`, as this process's own; yields its URL."""
    from django.db import connections

    from tests.runs.databases import Templates, connected_to
    from tests.runs.services import APP_ROLE, OWNER_ROLE, Postgres, scratch_folder

    folder = scratch_folder()
    server = Postgres(folder / "postgres")
    try:
        url = Templates(folder, server.start).fresh(vendor).url.replace(f"//{APP_ROLE}@", f"//{OWNER_ROLE}@")  # floors make tables
        with connected_to(url):
            connections.databases["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)  # as the product has it
            yield url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class WriteAhead(sqlite3.Connection):
    """A connection that promises of a commit what the product's does; or the disk would be measured, not who writes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")


@contextmanager
def model_server() -> Iterator[str]:
    """The OpenAI-compatible test server in a process of its own; yields the address of its API."""
    server = subprocess.Popen([sys.executable, "-m", "tests.model_server"], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["base"]
    finally:
        server.terminate()
        server.wait()
