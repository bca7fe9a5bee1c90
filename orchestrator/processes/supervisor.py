"""Starts the processes of one machine and keeps them: broker, web, worker, scheduler."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from orchestrator.processes.stopping import Stopping

STOP_S = 12.0
"""How long a process may take to stop before it is killed."""
CALM_S = 10.0
"""A process that lived so long is started again at once; one that did not, after a pause."""


@dataclass
class Child:
    """One process that is started again when it ends by itself."""

    name: str
    command: Sequence[str]
    on_death: Callable[[str], None] = lambda _id: None
    """Gets the id the dead process had as BATON_WORKER_ID."""
    useless: Callable[[], bool] = lambda: False
    """Whether it lives and does not do its work; looked at often."""
    id: str = ""
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    pause_s: float = 0.0
    ended: float = field(default=0.0)

    def start(self, log: Path) -> None:
        self.id = str(uuid4())
        # Whoever starts everything on one machine is operator and user at once: the demo workspace may use what is set there.
        environment = {"BATON_LEND_KEYS": "demo", **os.environ, "BATON_WORKER_ID": self.id}  # noqa: TID251 - handed on as it is
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - the commands are ours
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env=environment,
            )
        self.began = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def _die_with_parent() -> None:
    """On Linux: be told to stop when the starting process is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Supervisor:
    """Keeps its children alive until it is told to stop; then stops them in reverse order."""

    def __init__(self, log_folder: Path, say: Callable[[str], None]) -> None:
        self._children: list[Child] = []
        self._logs = log_folder
        self._say = say
        self.stopping = Stopping()

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def start(self, child: Child) -> None:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        child.start(self.log_of(child.name))
        self._children.append(child)

    def watch(self) -> None:
        """Start again what ends, until `stopping` is set."""
        while not self.stopping.wait(0.2):
            for child in self._children:
                if not child.alive and not self.stopping.asked:
                    self._revive(child)
                elif child.useless():
                    self._say(f"{child.name} lives and does not work; starting it again. Its log: {self.log_of(child.name)}")
                    self._end(child)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if not child.ended:
            assert child.process is not None
            child.ended = now
            child.pause_s = 0.0 if now - child.began > CALM_S else min(15.0, child.pause_s * 2 + 0.5)
            self._say(f"{child.name} ended (code {child.process.returncode}); starting it again. Its log: {self.log_of(child.name)}")
            child.on_death(child.id)
        if now - child.ended >= child.pause_s:
            child.ended = 0.0
            child.start(self.log_of(child.name))

    def stop(self) -> None:
        """Stop every child, the last started first; kill what does not stop in time."""
        self.stopping.ask()
        for child in reversed(self._children):
            if child.alive:
                self._end(child)

    def _end(self, child: Child) -> None:
        assert child.process is not None
        child.process.terminate()
        try:
            child.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._say(f"{child.name} does not stop; killing it")
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait(5)
