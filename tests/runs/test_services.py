"""The servers that tests start do not get in the way of another user's."""

import os
from pathlib import Path

import pytest

from tests.runs.services import Postgres, postgres_wheel


@pytest.mark.postgres
def test_postgres_keeps_its_lock_in_a_folder_of_this_process(postgres: Postgres) -> None:
    """In the common temporary folder the first user of a machine would lock every other out."""
    lock = Path(postgres_wheel().postgres_server.PostgresServer.lock_path)
    assert lock.exists() and lock.stat().st_uid == os.getuid()
    assert lock.parent.parent.stat().st_mode & 0o777 == 0o700
    assert lock.parent.parent.name.startswith("baton-")
