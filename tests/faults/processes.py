"""Worker processes that tests start, kill, freeze and thaw."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.runs.databases import Database
from tests.runs.services import START_S, wait_until


class Processes:
    """Children of one zygote."""

    def __init__(self, redis: str, sink: str) -> None:
        self._order = {"redis": redis, "sink": sink, "failpoint": ""}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        self._forked: list[int] = []
        self._ready: set[int] = set()
        self._heard = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            with self._heard:
                if "forked" in message:
                    self._forked.append(message["forked"])
                else:
                    self._ready.add(message["ready"])
                self._heard.notify_all()

    def start(self, database: str, **order: Any) -> int:
        """The pid of a new child, ready."""
        assert self._process.stdin is not None
        count = len(self._forked)
        line = json.dumps({**self._order, "do": "work", "database": database, **order})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        with self._heard:
            assert self._heard.wait_for(lambda: len(self._forked) > count and self._forked[-1] in self._ready, START_S), order
            return self._forked[-1]

    def kill_all(self) -> None:
        for pid in self._forked:
            if parent_of(pid) == self._process.pid:  # the number of one that is gone may be another's by now
                kill(pid)

    def stop_all(self) -> None:
        self.kill_all()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])
    except OSError:
        return None


def freeze(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def freeze_between_commits(pid: int, database: Database) -> None:
    """Freeze a worker that holds no lock of the database: on SQLite nobody else could write until it is thawed."""
    while True:
        freeze(pid)
        if database.vendor != "sqlite" or _writable(database.url.removeprefix("sqlite:///")):
            return
        thaw(pid)
        time.sleep(0.01)


def freeze_inside_a_commit(pid: int, database: Database) -> None:
    """Freeze a process that keeps SQLite's one place for a writer."""
    while True:
        freeze(pid)
        if _stays_taken(database.url.removeprefix("sqlite:///")):
            return
        thaw(pid)
        time.sleep(0.001)


def _stays_taken(path: str) -> bool:
    """Longer than anybody commits who is not frozen."""
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        if _writable(path):
            return False
        time.sleep(0.01)
    return True


def _writable(path: str) -> bool:
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    else:
        return True
    finally:
        other.close()


def thaw(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), 5, f"process {pid} is gone")
