"""The right to write a run's log, and how it ends."""

import asyncio
import threading
import time
from enum import Enum
from typing import Literal
from uuid import UUID

from orchestrator.engine.errors import LeaseLost
from runs.models import Run

MAX_CRASHES = 3
"""Workers that a run may lose in a row without progress before it is given up."""
SUSPECT_CRASHES = 2
"""After so many the run is a suspect: it runs alone, so that the next loss is nobody else's."""

RENEWAL_S = 10.0
"""How long an expired lease may wait for its renewal before the run is given back."""
LOOK_S = 0.05

Cause = Literal["first", "woken", "takeover"]


class Ending(Enum):
    """How a claim ended."""

    RECORDED = "recorded"
    """The log leaves the run to nobody: it has ended, waits or is paused."""
    TAKEN = "taken"
    """Another worker has the run."""
    REFUSED = "refused"
    """The database, asked for this run alone, refused what it wanted to write."""


class Claim:
    """The one owner of a run on its worker.

    Thread rules: what the constructor sets never changes. `valid_until` and `suspect` belong to the worker's
    loop. `ending` is set once, by the thread that first knows, and never changes again.
    """

    def __init__(self, run: Run, owner: str, epoch: int, cause: Cause, crashes: int, valid_until: float) -> None:
        self.run = run
        self.owner = owner
        self.epoch = epoch
        self.cause: Cause = cause
        self.crashes = crashes
        """Workers lost in a row, this takeover included."""
        self.valid_until = valid_until
        """On this process's monotonic clock: nobody else can have the run before."""
        self.suspect = SUSPECT_CRASHES <= crashes < MAX_CRASHES
        """It runs alone until it has got somewhere."""
        self._ending: Ending | None = None
        self._lock = threading.Lock()

    @property
    def run_id(self) -> UUID:
        return self.run.pk

    @property
    def tenant_id(self) -> UUID:
        return self.run.tenant_id

    @property
    def ending(self) -> Ending | None:
        return self._ending

    def end(self, ending: Ending) -> None:
        """The first ending counts."""
        with self._lock:
            if self._ending is None:
                self._ending = ending

    @property
    def unsettled(self) -> bool:
        """Whether the run is still this worker's, and it is for the worker to give it back."""
        return self._ending in (None, Ending.REFUSED)

    @property
    def valid(self) -> bool:
        """Whether surely nobody else has the run."""
        return self._ending is None and time.monotonic() <= self.valid_until

    async def hold(self) -> None:
        """Return when surely nobody else has the run. Called on the worker's loop.

        A lease that ran out by this process's clock is mostly still there: the next heartbeat says so.
        Raises LeaseLost when it does not.
        """
        patience = time.monotonic() + RENEWAL_S
        while not self.valid:
            if self._ending is not None or time.monotonic() > patience:
                raise LeaseLost(str(self.run_id))
            await asyncio.sleep(LOOK_S)
