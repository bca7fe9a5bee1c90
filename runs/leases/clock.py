"""The database's clock, as this process keeps it between two looks."""

import time
from datetime import datetime
from random import SystemRandom

from runs.leases.lease import Renewal


class DatabaseClock:
    """Timers and leases of all workers go by one clock, whatever the clocks of their machines show.

    Between two looks it goes by the process's monotonic clock. Until the first look it shows the machine's
    time; a worker looks before it takes up a run.
    """

    _random = SystemRandom()

    def __init__(self) -> None:
        self._offset_us = time.time_ns() // 1000 - _monotonic_us()

    def now_us(self) -> int:
        """Microseconds since the Unix epoch."""
        return _monotonic_us() + self._offset_us

    def random(self) -> float:
        return self._random.random()

    def look(self, renewal: Renewal) -> None:
        """Take over what the database showed. What the way there may explain changes nothing, so that time never goes back."""
        way_us = int((renewal.answered_at - renewal.asked_at) * 1e6)
        offset = _us(renewal.clock) - int(renewal.asked_at * 1e6) - way_us // 2
        if abs(offset - self._offset_us) > way_us + COARSE_US:
            self._offset_us = offset


COARSE_US = 2000
"""SQLite's clock shows milliseconds."""


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6)


CLOCK = DatabaseClock()
