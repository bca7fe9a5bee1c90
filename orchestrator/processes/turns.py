"""Whose request is worked on next: a tenant that sends without pause leaves threads, and the interpreter's time, to the others."""

import asyncio
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.http import parse_cookie

from tenants.people.authentication import bearer_key

OF_ONE: Final = 2
"""Requests of one caller that are worked on at once while there are others."""
SHARE: Final = 0.25
"""Of the interpreter's time that one tenant may use for long while there are others: seconds in a second."""
BURST_S: Final = 2.0
"""Of its time that may be used at once: pages of people never get there."""
DEBT_S: Final = 0.5
"""What is held against a tenant beyond that, at most: so nobody waits for more than two seconds."""
REFUSED_S: Final = 0.25
"""What is held against a tenant for a request that came too early: who does not come again later, as told, waits for the others."""
RECENT_S: Final = 10.0
"""So long after its last request a tenant is one of the others."""
_KEPT: Final = 10_000
"""Credentials whose tenant is remembered."""


class Sender(NamedTuple):
    """`credentials`: what a request shows of who sends it, as far as that is looked at; None when it shows nothing."""

    credentials: int | None
    address: str = ""


class Turns:
    """All requests of one tenant are of one caller; before the tenant is known, all of one address, whatever they show:
    showing something new each time gets nobody more. Lives on the loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tenants: OrderedDict[int, str] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._used: dict[str, tuple[float, float]] = {}
        """By caller: seconds used and not made up for, and as of when."""
        self._at_work: defaultdict[str, int] = defaultdict(int)
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, sender: Sender) -> AsyncIterator[None]:
        """Entered when a request may be worked on."""
        caller = self._caller(sender)
        while self._at_work[caller] >= OF_ONE and self._others(caller):
            await self._wait(caller)
        while (early := self._early_s(caller)) > 0 and self._others(caller):
            await asyncio.sleep(early)
        self._at_work[caller] += 1
        try:
            yield
        finally:
            self._at_work[caller] -= 1
            if not self._at_work[caller]:
                del self._at_work[caller]
            self._wake(caller)

    def charge(self, sender: Sender, tenant: str, seconds: float) -> None:
        """Note that a request of this sender was of this tenant, and how much of the interpreter's time it took."""
        if sender.credentials is not None:
            self._tenants[sender.credentials] = tenant
            self._tenants.move_to_end(sender.credentials)
            if len(self._tenants) > _KEPT:
                self._tenants.popitem(last=False)
        self._used[tenant] = (min(self._owed(tenant) + seconds, BURST_S + DEBT_S), self._clock())
        self._seen[tenant] = self._clock()
        self._seen.move_to_end(tenant)

    def _owed(self, caller: str) -> float:
        seconds, since = self._used.get(caller, (0.0, 0.0))
        return max(0.0, seconds - SHARE * (self._clock() - since))

    def _early_s(self, caller: str) -> float:
        """How many seconds too early its next request would begin."""
        return (self._owed(caller) - BURST_S) / SHARE

    def _caller(self, sender: Sender) -> str:
        tenant = None if sender.credentials is None else self._tenants.get(sender.credentials)
        if tenant is None:
            return f"from {sender.address}"
        self._seen[tenant] = self._clock()
        self._seen.move_to_end(tenant)
        return tenant

    def _others(self, caller: str) -> bool:
        """Whether another tenant than the caller's has sent something lately."""
        before = self._clock() - RECENT_S
        while self._seen and next(iter(self._seen.values())) < before:
            self._used.pop(self._seen.popitem(last=False)[0], None)
        return any(tenant != caller for tenant in self._seen)

    async def _wait(self, caller: str) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(woken)
        try:
            await woken
        except asyncio.CancelledError:
            if woken.done() and not woken.cancelled():
                self._wake(caller)  # it was this one's turn, and it goes to the next
            raise

    def _wake(self, caller: str) -> None:
        queue = self._waiting.get(caller)
        while queue:
            woken = queue.popleft()
            if not woken.done():
                woken.set_result(None)
                return
        self._waiting.pop(caller, None)


def sender_of(scope: dict[str, Any]) -> Sender:
    """By the key or the session alone, as a request is signed in: nothing else in its headers makes it another's."""
    key = bearer_key(_header(scope, b"authorization", ","))
    shown = parse_cookie(_header(scope, b"cookie", "; ")).get(settings.SESSION_COOKIE_NAME) if key is None else key
    return Sender(hash((key is None, shown)) if shown else None, (scope.get("client") or ("",))[0])


def _header(scope: dict[str, Any], wanted: bytes, between: str) -> str:
    return between.join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
