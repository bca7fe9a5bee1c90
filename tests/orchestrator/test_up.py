"""One command starts everything, keeps it, and stops it without leaving anything behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.services import START_S, scratch_folder, wait_until

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Terminal:
    """`manage.py up` as a person starts it."""

    def __init__(self, folder: Path, port: int, output: str = "output.txt") -> None:
        self.port = port
        self.folder = folder
        environment = {
            **os.environ,
            "BATON_DATA": str(folder / "data"),
            "BATON_MASTER_KEY_FILE": str(folder / "keys" / "master.key"),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings.production",
        }
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        self.output = folder / output
        with self.output.open("ab") as output:
            command = [sys.executable, "manage.py", "up"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True)

    def text(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> None:
        wait_until(lambda: "Ctrl-C stops" in self.text() or self.process.poll() is not None, 90, "Baton is ready")
        assert self.process.poll() is None, self.text()

    def children(self) -> dict[str, int]:
        """Pids by what their command line holds."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    parent = int((entry / "stat").read_text().rsplit(") ", 1)[1].split()[1])
                except (OSError, IndexError):
                    continue
                if parent == self.process.pid:
                    found.update({name: int(entry.name) for name in ("celery", "web_server", "valkey") if name in line})
        return found

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_S)


@pytest.fixture
def folder() -> Iterator[Path]:
    yield scratch_folder()


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_everything_starts_is_kept_and_stops_together(folder: Path) -> None:
    terminal = Terminal(folder, free_port())
    try:
        terminal.wait_ready()
        assert f"http://127.0.0.1:{terminal.port}/sign-in/link/" in terminal.text()
        first = terminal.children()
        assert set(first) == {"celery", "web_server", "valkey"}
        assert ((folder / "data").stat().st_mode & 0o777) == 0o700
        os.kill(first["web_server"], signal.SIGKILL)
        wait_until(
            lambda: terminal.children().get("web_server", first["web_server"]) != first["web_server"], START_S, "web was started again"
        )
        wait_until(lambda: healthy(terminal.port), START_S, "web answers again")
        last = terminal.children()
    finally:
        terminal.stop()
    assert terminal.process.returncode == 0, terminal.text()
    assert [pid for pid in last.values() if Path(f"/proc/{pid}").exists()] == []
    again = Terminal(folder, terminal.port, "again.txt")
    try:
        again.wait_ready()
        second = Terminal(folder, free_port(), "second.txt")
        assert second.process.wait(START_S) == 1
        assert "already running" in second.text() and "Traceback" not in second.text() and len(second.text().splitlines()) == 1
    finally:
        again.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_children_go_when_their_parent_is_killed(folder: Path) -> None:
    terminal = Terminal(folder, free_port())
    terminal.wait_ready()
    children = terminal.children()
    terminal.process.kill()
    terminal.process.wait(START_S)
    wait_until(lambda: not any(_runs(pid) for pid in children.values()), 30, "all children are gone")


def _runs(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text() or "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_busy_port_is_said_in_one_line_with_the_cure(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        terminal = Terminal(folder, int(taken.getsockname()[1]))
        terminal.process.wait(START_S)
    assert terminal.process.returncode == 1
    assert "in use" in terminal.text() and "make run PORT=" in terminal.text()
    assert "Traceback" not in terminal.text()


def test_redis_that_does_not_answer_is_said_in_one_line(folder: Path) -> None:
    environment = {**os.environ, "BATON_DATA": str(folder), "REDIS_URL": "redis://127.0.0.1:9/0", "PORT": str(free_port())}
    environment["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings.production"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=START_S)
    assert time.monotonic() - began < 50
    assert done.returncode == 1 and "No Redis answers" in done.stderr and "Traceback" not in done.stderr
