"""What waits to be written, run by run, and whose turn it is: large events of one tenant never stand before those of others."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator.engine.log.events import Event
from runs.log.batch import WrittenRun

Flush = asyncio.Future[None]
"""Resolved on its own loop once all that its run appended before is durable or refused."""


@dataclass(slots=True, eq=False)
class Waiting:
    """Of one run, in order. `taken` counts all events that have left, `flushes` are resolved when it reaches their number."""

    to: WrittenRun
    events: list[Event] = field(default_factory=list)
    flushes: list[tuple[int, Flush]] = field(default_factory=list)
    taken: int = 0

    def take(self, count: int) -> list[Flush]:
        """The first events have been written or refused: the flushes that waited for no more than these."""
        del self.events[:count]
        self.taken += count
        done = [flush for mark, flush in self.flushes if mark <= self.taken]
        self.flushes = [(mark, flush) for mark, flush in self.flushes if mark > self.taken]
        return done


class Backlog:
    """Lives on the writer's thread."""

    def __init__(self) -> None:
        self._runs: dict[int, Waiting] = {}
        self._used: dict[UUID, float] = {}
        """Seconds that each tenant's events took, since nothing waited last."""

    def __bool__(self) -> bool:
        return bool(self._runs)

    def add(self, to: WrittenRun, events: Sequence[Event], flush: Flush | None) -> None:
        others = [each.to.claim.tenant_id for each in self._runs.values()]
        waiting = self._runs.setdefault(id(to), Waiting(to))
        self._used.setdefault(to.claim.tenant_id, min(map(self._used.__getitem__, others), default=0.0))
        waiting.events.extend(events)
        if flush is not None:
            waiting.flushes.append((waiting.taken + len(waiting.events), flush))

    def in_turn(self) -> Iterator[Waiting]:
        """Those of the tenant first that has used least; of its runs those first of which least was taken."""
        yield from sorted(self._runs.values(), key=lambda waiting: (self._used[waiting.to.claim.tenant_id], waiting.taken))

    def charge(self, waiting: Waiting, seconds: float) -> None:
        self._used[waiting.to.claim.tenant_id] += seconds

    def drop_empty(self) -> None:
        """Forget the runs of which nothing waits."""
        self._runs = {key: waiting for key, waiting in self._runs.items() if waiting.events or waiting.flushes}
        if not self._runs:
            self._used.clear()
