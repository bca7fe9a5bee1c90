"""How often tools are called in a minute."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final, Protocol

MINUTE_S: Final = 60.0


class Rates(Protocol):
    async def take(self, tool: str, per_minute: int) -> float:
        """0.0 when the call may be made, and counts it; else the seconds until one may be, and counts nothing."""
        ...


class RatesHere:
    """Counts the calls of this process."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._made: dict[str, deque[float]] = defaultdict(deque)

    async def take(self, tool: str, per_minute: int) -> float:
        now, made = self._now_s(), self._made[tool]
        while made and made[0] <= now - MINUTE_S:
            made.popleft()
        if len(made) >= per_minute:
            return made[len(made) - per_minute] + MINUTE_S - now
        made.append(now)
        return 0.0
