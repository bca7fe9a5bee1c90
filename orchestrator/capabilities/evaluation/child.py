"""The parent's side of one evaluating process."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from orchestrator.capabilities.evaluation.frames import HEAD_BYTES, framed
from orchestrator.capabilities.evaluation.limits import TookTooMuch, WorkLimits
from orchestrator.engine.errors import EngineError, ErrorInfo
from orchestrator.engine.ids import Json

_ROOT: Final = Path(__file__).resolve().parents[3]
_COMMAND: Final = (sys.executable, "-m", "orchestrator.capabilities.evaluation.process")
_ENVIRONMENT: Final = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
"""All that the process sees of the environment."""
_PIECE: Final = 1 << 16


class Died(Exception):
    """The process ended in the middle of a piece of work; `code` is its return code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The evaluating process ended with {code}")
        self.code = code


class Child:
    """One process. Used by one thread at a time."""

    def __init__(self) -> None:
        """Raises OSError when no process can be started."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module, and nothing of what people wrote
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT, env=_ENVIRONMENT
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, function: str, arguments: list[Json], limits: WorkLimits) -> Json:
        """What the function gives. Raises what it raises if that is an EngineError, TookTooMuch, and Died."""
        message: Json = {"function": function, "arguments": arguments, "cpu_s": limits.cpu_s, "memory_bytes": limits.memory_bytes}
        deadline = time.monotonic() + limits.wall_s
        try:
            self._send(framed(message), deadline)
            answer: Json = json.loads(self._receive(deadline, limits.answer_bytes))
        except (BrokenPipeError, EOFError):
            raise self._end(limits) from None
        except TimeoutError:
            self.stop()
            raise TookTooMuch(f"It took longer than {limits.wall_s:g} s") from None
        assert isinstance(answer, dict)
        if answer["worn"]:
            self.stop()
        return _value(answer, limits)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def _end(self, limits: WorkLimits) -> Exception:
        """Why the process ended by itself."""
        code = self._process.wait()
        self.stop()
        if code == -signal.SIGXCPU:
            return TookTooMuch(f"It took more than {limits.cpu_s} s of processor time")
        if code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL):
            return _too_much_memory(limits)  # libraries that are not written in Python end the process when they get no memory
        return Died(code)

    def _send(self, frame: bytes, deadline: float) -> None:
        """A process that does not take what it is sent is stopped as one that gives no answer."""
        place, descriptor = 0, self._to.fileno()
        os.set_blocking(descriptor, False)
        while place < len(frame):
            _wait(descriptor, deadline, writing=True)
            place += os.write(descriptor, frame[place : place + _PIECE])

    def _receive(self, deadline: float, most: int) -> bytes:
        size = int.from_bytes(self._bytes(HEAD_BYTES, deadline), "little")
        if size > most:
            self.stop()
            raise TookTooMuch(f"It gave {size} bytes, at most {most} are allowed")
        return self._bytes(size, deadline)

    def _bytes(self, count: int, deadline: float) -> bytes:
        found = bytearray()
        while len(found) < count:
            _wait(self._from.fileno(), deadline, writing=False)
            piece = os.read(self._from.fileno(), min(_PIECE, count - len(found)))
            if not piece:
                raise EOFError
            found += piece
        return bytes(found)


def _wait(descriptor: int, deadline: float, *, writing: bool) -> None:
    """Raises TimeoutError."""
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    if not ready.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _value(answer: dict[str, Json], limits: WorkLimits) -> Json:
    if "failed" in answer:
        raise EngineError.of(ErrorInfo.model_validate(answer["failed"]))
    if "memory" in answer:
        raise _too_much_memory(limits)
    if "fault" in answer:
        raise RuntimeError(answer["fault"])
    return answer["value"]


def _too_much_memory(limits: WorkLimits) -> TookTooMuch:
    return TookTooMuch(f"It took more than {limits.memory_bytes >> 20} MB of memory")
