"""The process that evaluates: one piece of work after the other, each within its limits, until its parent closes the pipe.

Started as `python -m orchestrator.capabilities.evaluation.process`.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import IO, Final

from orchestrator.capabilities.evaluation.frames import framed, next_message
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.unforeseen import in_words

NICENESS: Final = 10
"""Behind everything that is done in place, for whomever."""
WORN_BYTES: Final = 256 << 20
"""A process that has grown this large is replaced: what it keeps would be missing to the work of others."""


def main() -> None:
    os.nice(NICENESS)
    _leave_a_core()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; this process ends with its parent
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed gets between the answers
    serve(sys.stdin.buffer, answers)


def _leave_a_core() -> None:
    """One core, the same of all such processes, stays free for who waits for it: even the nicest work keeps
    its core until the next tick, which is milliseconds, and a short run wakes up a dozen times. Where that is
    forbidden, as in some containers, it works all the same."""
    with suppress(OSError):
        if sys.platform == "linux" and len(cores := os.sched_getaffinity(0)) > 1:
            os.sched_setaffinity(0, cores - {min(cores)})


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            message = next_message(asked)
        except EOFError:
            return
        answers.write(_answer(message))
        answers.flush()


def _answer(message: Json) -> bytes:
    assert isinstance(message, dict)
    _limit(int(str(message["cpu_s"])), int(str(message["memory_bytes"])))
    try:
        arguments = message["arguments"]
        assert isinstance(arguments, list)
        value = _function(str(message["function"]))(*arguments)
        return framed({"value": value, "worn": _worn()})
    except EngineError as error:
        return framed({"failed": error.info.model_dump(mode="json"), "worn": _worn()})
    except MemoryError:
        return framed({"memory": True, "worn": True})
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        return framed({"fault": in_words(error), "worn": _worn()})


def _worn() -> bool:
    """By what is resident now, where the system has a /proc. The largest size that `getrusage` tells starts with the parent's."""
    with suppress(OSError), open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() > WORN_BYTES
    return False


def _function(name: str) -> Callable[..., Json]:
    module, _, function = name.partition(":")
    found: Callable[..., Json] = getattr(import_module(module), function)
    return found


def _limit(cpu_s: int, memory_bytes: int) -> None:
    """Processor time is counted over the life of a process: what it has used is added."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + cpu_s)
    _lower(resource.RLIMIT_AS, memory_bytes)


def _lower(kind: int, most: int) -> None:
    """The hard limit stays as it is: once lowered, only root could give the next piece of work more."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
