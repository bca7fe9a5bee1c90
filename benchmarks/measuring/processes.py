"""The whole product as `manage.py up` starts it, on a spare port with its data under /tmp, and what it uses."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.measuring.scratch import REPOSITORY

START_S = 90.0
TICKS = os.sysconf("SC_CLK_TCK")


class Product:
    """Web, worker, scheduler and broker. `model_base` is where its model calls go."""

    def __init__(self, model_base: str, database: str = "") -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="baton-", dir="/tmp"))
        self._folder.chmod(0o755)
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings.production",
            "BATON_DATA": str(self._folder / "data"),
            "BATON_MASTER_KEY_FILE": str(self._folder / "key" / "master.key"),
            "BATON_LOG_LEVEL": "WARNING",
            "PORT": str(self.port),
            "BATON_LEND_KEYS": "*",
            "OPENAI_API_BASE": model_base,
            "OPENAI_API_KEY": "sk-benchmark",
            **({"DATABASE_URL": database} if database else {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it serves and a worker is there."""
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=REPOSITORY, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self._healthy():
            if self._process.poll() is not None or time.monotonic() - began > START_S:
                raise RuntimeError(f"The product did not start; look into {self._folder / 'data' / 'logs'}")
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def command(self, *arguments: str) -> str:
        """What a command of manage.py prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().splitlines()[-1]

    def memory_mib(self) -> float:
        """Proportional set size of all its processes."""
        return sum(_pss_kib(pid) for pid in self._pids()) / 1024

    def processor_s(self) -> float:
        """Processor time of all its processes so far."""
        return sum(_processor_ticks(pid) for pid in self._pids()) / TICKS

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _pids(self) -> set[int]:
        assert self._process is not None
        parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        found = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stat(path: Path) -> list[str]:
    """The fields after the process's name; none when it is gone."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(path: Path) -> int:
    fields = _stat(path)
    return int(fields[1]) if fields else 0


def _processor_ticks(pid: int) -> int:
    fields = _stat(Path("/proc") / str(pid))
    return int(fields[11]) + int(fields[12]) if fields else 0


def _pss_kib(pid: int) -> int:
    try:
        lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
