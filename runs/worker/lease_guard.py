"""Lets a claimed run act on the world only while its lease holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runs.leases.claim import Claim


class LeaseGuard:
    """What a run does to the world passes here. Closed, it lets nothing begin and what has begun end."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._inside = 0
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Waits for ever once closed. Raises LeaseLost when another worker may have the run by now."""
        await self._claim.hold()
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

    async def close(self) -> None:
        """Return once nothing is under way any more."""
        self._closed = True
        await self._empty.wait()
