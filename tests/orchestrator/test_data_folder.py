"""Nobody else on the machine can read the data, and the data folder may have any name."""

import os
import socket
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


def test_everything_in_the_folder_is_narrowed_wherever_it_lies(tmp_path: Path) -> None:
    """S09: also what an earlier start, another program or a careless copy left open."""
    folder, outside = tmp_path / "data", tmp_path / "letters.txt"
    modes_of(folder)
    outside.touch(0o644)
    outside.chmod(0o644)
    (folder / "logs").mkdir()
    (folder / "appendonlydir").mkdir()
    (folder / "link").symlink_to(outside)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "redis.sock"))
    files = ["logs/web.log", "appendonlydir/appendonly.aof.1.incr.aof", "signing.key", "up.lock", "baton.sqlite3-shm", "redis.sock"]
    for name in files:
        (folder / name).touch()
        (folder / name).chmod(0o666)
    for name in ("logs", "appendonlydir", "."):
        (folder / name).chmod(0o777)
    modes_of(folder)
    server.close()
    left = {str(path): oct(mode(path)) for path in folder.rglob("*") if not path.is_symlink() and mode(path) & 0o077}
    assert left == {} and mode(folder) == mode(folder / "logs") == 0o700
    assert mode(outside) == 0o644, "what a link leads to is not ours"


def test_what_processes_write_is_for_their_owner_alone(tmp_path: Path) -> None:
    """S09: whatever the machine would give others."""
    code = "import django; django.setup(); from django.conf import settings as s; f = s.MASTER_KEY_PLACE['never_in']; (f / 'logs').mkdir()"
    done = python(tmp_path, f"{code}; (f / 'logs' / 'x.log').open('a')")
    assert done.returncode == 0, done.stderr
    assert (mode(tmp_path / "logs"), mode(tmp_path / "logs" / "x.log")) == (0o700, 0o600)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a folder to another user")
def test_a_folder_of_another_user_is_refused_with_the_cure(tmp_path: Path) -> None:
    """S09"""
    modes_of(tmp_path)
    os.chown(tmp_path, 12345, -1)
    for bits in (0o700, 0o755):
        tmp_path.chmod(bits)
        with pytest.raises(ImproperlyConfigured, match=r"belongs to user 12345.*chown -R 0"):
            private_folder(tmp_path)
        assert mode(tmp_path) == bits


def test_a_file_that_cannot_be_narrowed_is_refused_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S09"""

    def refuse(*_: object) -> None:
        raise PermissionError

    open_file = tmp_path / "baton.sqlite3"
    open_file.touch()
    open_file.chmod(0o644)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(Path, "chmod", refuse)
    for narrow in (lambda: private_folder(tmp_path), lambda: private_database(str(open_file))):
        with pytest.raises(ImproperlyConfigured, match=r"belongs to another user. Run: chmod go="):
            narrow()


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
