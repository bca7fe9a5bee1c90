"""Nobody else on the machine can read the data, and the data folder may have any name."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from orchestrator.settings.data_folder import private_database, private_folder
from tests.runs.services import START_S, Valkey

ROOT = Path(__file__).resolve().parents[2]
ODD_NAME = "50% a+b #1?"
"""What means something else in an address."""

WRITE_AND_LIST = """
import django; django.setup()
from django.conf import settings
from django.db import connection
connection.cursor().execute("CREATE TABLE IF NOT EXISTS seen (it TEXT)")
for path in sorted(settings.MASTER_KEY_PLACE["never_in"].iterdir()):
    print(path.name, oct(path.stat().st_mode & 0o777))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def python(folder: Path, code: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """A process with the production settings, on a machine that hides nothing by itself."""
    environment = {**os.environ, "BATON_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "orchestrator.settings.production", **more}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env={**environment, **more}, capture_output=True, text=True, umask=0, timeout=START_S, check=False
    )


def modes_of(folder: Path, **more: str) -> dict[str, str]:
    done = python(folder, WRITE_AND_LIST, **more)
    assert done.returncode == 0, done.stderr
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


def test_every_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / ODD_NAME / "data"
    found = modes_of(folder)
    assert {"baton.sqlite3", "baton.sqlite3-wal", "baton.sqlite3-shm", "signing.key"} <= set(found)
    assert set(found.values()) == {"0o600"}
    assert mode(folder) == 0o700


def test_data_that_others_could_read_is_narrowed(tmp_path: Path) -> None:
    modes_of(tmp_path)
    (tmp_path / "baton.sqlite3").chmod(0o644)
    (tmp_path / "baton.sqlite3-wal").touch(0o644)
    tmp_path.chmod(0o755)
    assert set(modes_of(tmp_path).values()) == {"0o600"}
    assert mode(tmp_path) == 0o700


def test_database_elsewhere_is_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere.sqlite3"
    modes_of(tmp_path / "data", DATABASE_URL=f"sqlite:///{place}")
    assert mode(place) == 0o600
    assert not (tmp_path / "data" / "baton.sqlite3").exists()


def test_open_folder_that_holds_other_things_is_refused_with_the_cure(tmp_path: Path) -> None:
    """Narrowing it would lock others out of what is theirs."""
    (tmp_path / "letters.txt").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(ImproperlyConfigured, match=r"mode is 0755, not 0700.*chmod 700"):
        private_folder(tmp_path)
    assert mode(tmp_path) == 0o755
    tmp_path.chmod(0o700)
    private_folder(tmp_path)


def test_folder_that_everybody_shares_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(ImproperlyConfigured, match="BATON_DATA"):
        private_folder(tmp_path)


@pytest.mark.parametrize("name", ["", ":memory:", "file:memory?mode=memory", "nowhere/of/this/kind.sqlite3"])
def test_what_is_no_file_of_ours_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    private_database(name)
    assert list(tmp_path.iterdir()) == []


REACH_BROKER = """
import django; django.setup()
from django.core.cache import cache
from orchestrator.processes import embedded_broker
from orchestrator.celery import app
from orchestrator.settings.env import REDIS_URL
cache.set("here", 1)
with app.connection_for_write() as connection:
    connection.ensure_connection(max_retries=1)
print(embedded_broker.answers(REDIS_URL), cache.get("here"))
"""


def test_broker_is_reached_in_a_folder_of_any_name(service_folder: Path) -> None:
    """By the cache, by Celery and by the check of its health."""
    server = Valkey(service_folder / ODD_NAME).start()
    try:
        done = python(server.folder, REACH_BROKER)
    finally:
        server.stop()
    assert done.stdout.split() == ["True", "1"], done.stderr
