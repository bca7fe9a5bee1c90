"""What the branches of a run rest for: answers, times, and the end of a pause."""

import asyncio
import math

from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.execution.branches import Branch, Rest
from orchestrator.engine.ids import Path
from orchestrator.engine.ports import Clock


class Waits:
    """`holding`: the run is being paused, so nothing new begins.

    `stalled` says what of the host cannot be reached; the run is given back once all that is under way has ended.
    """

    def __init__(self, clock: Clock) -> None:
        self.holding = False
        self.stalled: HostUnavailable | None = None
        self.woken = False
        """Something was woken since this was last set to false."""
        self._clock = clock
        self._rests: dict[Path, Rest] = {}
        self._due: dict[Path, int] = {}
        self._timers: dict[Path, asyncio.TimerHandle] = {}
        self._held: list[Rest] = []

    async def until(self, path: Path, due_us: int | None, branch: Branch, left_us: int | None = None) -> None:
        """Rest until `wake` is called for the path, or its time has come.

        `left_us` is how long that takes where another clock than this host's says when the time has come.
        """
        timer = None
        if due_us is not None:
            left_us = due_us - self._clock.now_us() if left_us is None else left_us
            if left_us <= 0:
                return
            self._due[path] = due_us
            timer = self._timers[path] = asyncio.get_running_loop().call_later(left_us / 1e6, self.wake, path)
        try:
            async with branch.resting() as rest:
                self._rests[path] = rest
                await rest.over
        finally:
            self._rests.pop(path, None)
            self._due.pop(path, None)
            if timer is not None:
                self._timers.pop(path).cancel()

    def wake(self, path: Path) -> None:
        """Let what rests there go on; nothing when nothing does."""
        self.woken = True
        self._due.pop(path, None)
        rest = self._rests.get(path)
        if rest is not None:
            rest.end()

    def next_due_us(self) -> int | None:
        """When the next time comes that something rests for."""
        return min(self._due.values(), default=None)

    def next_in_s(self) -> float:
        """How long that takes; for ever when nothing rests for a time."""
        now = asyncio.get_running_loop().time()
        return min((timer.when() - now for timer in self._timers.values()), default=math.inf)

    @property
    def closed(self) -> bool:
        """Nothing new begins now."""
        return self.holding or self.stalled is not None

    async def hold(self, branch: Branch) -> None:
        """Return when something new may begin: at once, unless the run is being paused or given back."""
        while self.closed:
            async with branch.resting() as rest:
                self._held.append(rest)
                await rest.over

    def release(self) -> None:
        """The pause is over: let what was held go on."""
        self.holding = False
        if self.closed:
            return
        self.woken = True
        held, self._held = self._held, []
        for rest in held:
            rest.end()
