"""The real product, started as `make run` starts it, on a port and in a folder of its own."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.runs.services import START_S, scratch_folder, wait_until

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "only for these journeys"


class Product:
    """`manage.py up` with all its children. Stopped by SIGTERM to the one process that was started here."""

    def __init__(self) -> None:
        self.folder = scratch_folder()
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = self.folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Product":
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self._environment(), stdout=output, stderr=output, start_new_session=True
            )
        wait_until(lambda: "Ctrl-C stops everything" in self.said() or not self.runs, START_S, "the product is ready")
        assert self.runs, self.said()
        self.manage("seed", "--verbosity", "0", "--password", PASSWORD)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        """What it has written to the terminal."""
        return self._log.read_text(encoding="utf-8")

    def sign_in_link(self) -> str:
        """The link that the start printed."""
        return next(line for line in self.said().splitlines() if "/sign-in/link/" in line)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=True).stdout

    def pid_of(self, part: str) -> int:
        """The child whose command line has `part` in it."""
        assert self._process is not None
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and _parent_of(folder) == self._process.pid and part in _command_of(folder):
                return int(folder.name)
        raise LookupError(f"No child runs {part!r}")

    def kill(self, part: str) -> None:
        """SIGKILL to the child whose command line has `part` in it; back when another stands in its place."""
        pid = self.pid_of(part)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self._replaced(part, pid), START_S, f"another process runs {part}")

    def _replaced(self, part: str, pid: int) -> bool:
        try:
            return self.pid_of(part) != pid
        except LookupError:
            return False

    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "DATABASE_", "REDIS_", "DJANGO_"))}
        return {
            **kept,
            "BATON_DATA": str(self.folder / "data"),
            "BATON_MASTER_KEY_FILE": str(home / "master.key"),
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings.production",
            "HOME": str(home),
            "PORT": str(self.port),
        }


def _free_port() -> int:
    """Below the ports that outgoing connections take, so that none of them comes first."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command_of(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
