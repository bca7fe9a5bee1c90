"""What a claimed run does to the world, it does only while its lease holds."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator.engine.errors import LeaseLost
from runs.leases.claim import Claim

RENEWAL_S = 10.0
"""How long an expired lease may wait for its renewal before the run is given back."""
LOOK_S = 0.05


class LeaseGuard:
    """The engine's CallGuard of one claimed run. Closed, it lets nothing begin and what has begun end."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._inside = 0
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Waits for ever once closed. Raises LeaseLost when another worker may have the run by now."""
        await self._held()
        if self._closed:
            await asyncio.get_running_loop().create_future()  # cancelled when the worker has stopped
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def _held(self) -> None:
        """A lease that ran out by this process's clock is mostly still there: the next heartbeat says so."""
        patience = time.monotonic() + RENEWAL_S
        while not self._claim.valid:
            if self._claim.ending is not None or time.monotonic() > patience:
                raise LeaseLost(str(self._claim.run_id))
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Return once nothing is under way any more."""
        self._closed = True
        await self._empty.wait()
