"""Loops on which time passes only while nothing is to be done, so that a slow machine changes no outcome."""

import asyncio
from collections.abc import Coroutine
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(DefaultSelector):  # type: ignore[misc,valid-type]
    """Never waits: what it was told to wait for is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        passes = timeout is not None and timeout > 0
        ready: list[tuple[SelectorKey, int]] = super().select(0 if passes else timeout)
        if timeout is not None and passes and not ready:
            self.now += timeout
        return ready


class IdleTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`: a time-out of 10 ms ends what never ends, and never what only waits for the processor."""
    with asyncio.Runner(loop_factory=IdleTimeLoop) as runner:
        return runner.run(work)
