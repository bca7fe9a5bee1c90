"""Watches a worker from a thread of its own, and ends it when it cannot do its work: who started it starts another one."""

import os
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

LOOK_S = 1.0
STUCK_LOOKS = 60
"""Looks in a row at which the loop has not moved. Looks, not seconds: a process that was frozen has not looked either."""
EXIT_S = 20.0
"""How long a worker that was told to end may take."""
USELESS = 70
"""The exit code of a worker that could not work."""


class Watch:
    """`turns` counts the rounds of the worker's loop; `writes` says whether the log's writer lives; `end` ends the worker."""

    def __init__(self, turns: Callable[[], int], writes: Callable[[], bool], end: Callable[[], None]) -> None:
        self._turns = turns
        self._writes = writes
        self._end = end
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def _look(self) -> None:
        seen, still = self._turns(), 0
        while not self._over.wait(LOOK_S):
            turns = self._turns()
            still = still + 1 if turns == seen else 0
            seen = turns
            if not self._writes():
                log.error("worker_useless", reason="The log's writer has ended.")
                self._end()
                return
            if still >= STUCK_LOOKS:
                log.error("worker_useless", reason="The loop stands still.")
                os._exit(USELESS)


def exit_later() -> None:
    """End the process in a while, whatever keeps it."""
    timer = threading.Timer(EXIT_S, lambda: os._exit(USELESS))
    timer.daemon = True
    timer.start()
