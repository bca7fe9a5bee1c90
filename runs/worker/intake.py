"""Which runs a worker takes up, and when."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import SystemRandom
from uuid import UUID

from runs.leases.claim import Claim
from runs.leases.lease import claim_due, claim_named, claim_suspect, suspects_wait
from tenants.isolation.database import DatabaseThreads

CAPACITY = 1000
"""Runs that one process holds at the same time."""
SWEEP_S = 1.0
BACKLOG_S = 0.05
"""The same while more is due than was claimed."""
READ_AHEAD = 64
"""Runs that are being read; a sweep claims no more than that, so that thousands of due timers leave room for new runs.
While more than half as many are, nothing is swept: a sweep costs the same statements for few runs as for many."""
PATIENCE_S = (3.0, 12.0)
"""How long suspects wait before a busy worker makes room for one. Each worker has its own, so that not all make room at once."""


class Intake:
    """Claims what was named at, at once, and every second whatever is due. Lives on the worker's loop.

    `held` gives the claims that the worker executes, `reading` how many of their runs are still being read.
    A run that may have ended its workers is claimed by an idle worker only, which claims nothing else until
    the run has got somewhere.
    """

    def __init__(self, worker: str, steward: DatabaseThreads, held: Callable[[], Sequence[Claim]], reading: Callable[[], int]) -> None:
        self._worker = worker
        self._steward = steward
        self._held = held
        self._reading = reading
        self._named: dict[UUID, UUID] = {}
        self._look = asyncio.Event()
        self._look_at = time.monotonic() + SWEEP_S
        self._patience = timedelta(seconds=SystemRandom().uniform(*PATIENCE_S))
        self._draining = False
        self._suspect_was_last = False
        self.beyond: set[UUID] = set()
        """Runs that only a later build can go on with."""

    def name(self, tenant_id: UUID, run_id: UUID) -> None:
        """A wake-up: this run may be due."""
        self._named[run_id] = tenant_id
        self.look()

    def look(self) -> None:
        """Look at once whether something can be claimed."""
        self._look.set()

    async def claims(self) -> list[Claim]:
        """What was claimed at the next look, mostly nothing. Raises DatabaseAway."""
        if not self._named:
            await wait_for(self._look, self._look_at - time.monotonic())
        self._look.clear()
        held = self._held()
        sweeps = time.monotonic() >= self._look_at
        if sweeps:
            self._look_at = time.monotonic() + SWEEP_S
        if any(claim.suspect for claim in held):
            self._named.clear()
            return []
        if sweeps:
            return await (self._sweep(held) if held else self._sweep_idle())
        named, self._named = self._named, {}
        if not named or self._draining:
            return []
        return await self._steward.run(claim_named, self._worker, CAPACITY - len(held), named, self.beyond)

    async def _sweep(self, held: Sequence[Claim]) -> list[Claim]:
        room = READ_AHEAD - self._reading()
        if room < READ_AHEAD // 2:
            self._look_at = time.monotonic() + BACKLOG_S
            return []
        self._draining = await self._steward.run(suspects_wait, self._worker, self._patience, self.beyond)
        if self._draining:
            return []
        limit = min(CAPACITY - len(held), room)
        claims = await self._steward.run(claim_due, self._worker, limit, self.beyond) if limit > 0 else []
        if len(claims) >= limit:
            self._look_at = time.monotonic() + BACKLOG_S
        return claims

    async def _sweep_idle(self) -> list[Claim]:
        """With nothing to lose: a suspect and the others take turns in being looked for first."""
        self._draining = False
        for suspect in (False, True) if self._suspect_was_last else (True, False):
            work = self._steward.run(claim_suspect, self._worker, self.beyond) if suspect else self._sweep([])
            claims = await work
            if claims:
                self._suspect_was_last = suspect
                return claims
        return []


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, at most so long."""
    if seconds > 0:
        try:
            # Not asyncio.wait_for: in Python 3.11 it swallows a cancellation that comes together with the event.
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
