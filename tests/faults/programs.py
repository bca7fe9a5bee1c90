"""Programs that tests start: as `python ...` does it, out of one process that has imported what others wrote."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.runs.services import START_S

ROOT = Path(__file__).parents[2]


class Program:
    """Like subprocess.Popen, of a process whose parent is another one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, seconds: float) -> int:
        """The exit code, negative for a signal. Raises TimeoutError."""
        if not self._ended.wait(seconds):
            raise TimeoutError(f"Process {self.pid} has not ended within {seconds} s")
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self.returncode is None:
                os.kill(self.pid, sign)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Nursery:
    """Its child forks the programs and says which have ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.preloaded"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self._programs: dict[int, Program] = {}
        self._last: Program | None = None
        self._heard = threading.Condition()
        self._one_at_a_time = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self._end)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: Path, errors: Path) -> Program:
        files = {"output": str(output), "errors": str(errors), "folder": str(ROOT)}
        order = {"arguments": list(arguments), "environment": dict(environment), **files}
        with self._one_at_a_time, self._heard:
            self._last = None
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            assert self._heard.wait_for(lambda: self._last, START_S), order
            return self._last

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            with self._heard:
                if "started" in message:
                    self._last = self._programs[message["started"]] = Program(message["started"])
                    self._heard.notify_all()
                else:
                    self._programs.pop(message["ended"]).end(message["code"])

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@cache
def nursery() -> Nursery:
    """The one of this process; it begins when it is first needed."""
    return Nursery()
