"""Rules of every websocket of this room: who may open it, how long it lives, how much it takes."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import structlog
from django.conf import settings
from django.http import parse_cookie

from runs.live.sockets.access import Credentials, Visitor, visitor
from runs.live.sockets.endings import FAULT, NOT_SIGNED_IN, NOT_UNDERSTOOD, TOO_MANY, UNAVAILABLE, Ending
from runs.live.sockets.quota import Quota
from runs.live.sockets.reads import read
from tenants.isolation.database import DatabaseAway
from tenants.people.authentication import bearer_key

log = structlog.get_logger(__name__)

CHECK_S = 4.0
"""How often rights are looked at again."""
CANCEL_S = 1.0
INBOUND_LIMIT = 64 * 1024
BURST, PER_S = 10, 1.0
SOCKETS = Quota(40)
"""Per person, in one web process."""

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class LiveSocket:
    """One socket, from its client's first message until the client is gone.

    Three duties live together and end together: hearing the client, looking at its rights again,
    and showing, which alone sends events.
    """

    who: Visitor

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._shown = _credentials(scope)
        self._credit, self._credited_at = float(BURST), time.monotonic()

    @classmethod
    async def application(cls, scope: Scope, receive: Receive, send: Send) -> None:
        await cls(scope, receive, send).serve()

    async def serve(self) -> None:
        """Refuse, or live as long as the client. The person's place is free again however this ends."""
        await self._receive()
        try:
            who = await read(visitor, self._shown)
        except DatabaseAway as error:
            who = None
            log.warning("database_away", error=str(error))
        if who is None:
            await self._send({"type": "websocket.close", "code": NOT_SIGNED_IN.code})
            return
        self.who = who
        with SOCKETS.place(who.user.pk) as free:
            await self._send({"type": "websocket.accept"})
            ending = await self._live() if free else TOO_MANY
            if ending is not None:
                await self._end(ending)

    async def refusal(self, who: Visitor) -> Ending | None:
        """How the socket ends when the person may not see this (any more)."""
        raise NotImplementedError

    async def show(self) -> Ending:
        """Send what there is, then what happens, until there is a reason to end."""
        raise NotImplementedError

    def told(self, message: Message) -> Ending | None:
        """Note what the client says."""
        return NOT_UNDERSTOOD

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _live(self) -> Ending | None:
        """Why the socket has to be closed; None when the client has gone."""
        hearing, *others = duties = [asyncio.ensure_future(duty) for duty in (self._hear(), self._show(), self._keep_checking())]
        try:
            await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
            ended = hearing if hearing.done() else next(duty for duty in others if duty.done())
            return ended.result()
        except DatabaseAway as error:
            log.warning("database_away", error=str(error))
            return UNAVAILABLE
        except Exception:  # it must be closed, and nobody else hears of this
            log.exception("socket_failed", path=self.scope["path"])
            return FAULT
        finally:
            await _end_all(duties)

    async def _end(self, ending: Ending) -> None:
        await self._send({"type": "websocket.close", "code": ending.code, "reason": ending.reason})
        while (await self._receive())["type"] != "websocket.disconnect":
            pass

    async def _show(self) -> Ending | None:
        return await self.refusal(self.who) or await self.show()

    async def _hear(self) -> Ending | None:
        while (message := await self._receive())["type"] != "websocket.disconnect":
            ending = self._answer(message.get("text"))
            if ending is not None:
                return ending
        return None

    def _answer(self, text: str | None) -> Ending | None:
        if text is None or len(text) > INBOUND_LIMIT or not self._has_credit():
            return NOT_UNDERSTOOD
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return NOT_UNDERSTOOD
        return self.told(message) if isinstance(message, dict) else NOT_UNDERSTOOD

    async def _keep_checking(self) -> Ending | None:
        while True:
            await asyncio.sleep(CHECK_S)
            who = await read(visitor, self._shown)
            if who is None or who.user.pk != self.who.user.pk:
                return NOT_SIGNED_IN
            ending = await self.refusal(who)
            if ending is not None:
                return ending

    def _has_credit(self) -> bool:
        now = time.monotonic()
        self._credit = min(BURST, self._credit + (now - self._credited_at) * PER_S) - 1
        self._credited_at = now
        return self._credit >= 0


async def _end_all(duties: Collection[asyncio.Task[Ending | None]]) -> None:
    """Cancel until all have ended: a library may swallow a cancellation."""
    waiting = set(duties)
    while waiting:
        for duty in waiting:
            duty.cancel()
        ended, waiting = await asyncio.wait(waiting, timeout=CANCEL_S)
        for duty in ended:
            if not duty.cancelled():
                duty.exception()  # heard, or asyncio complains that nobody did


def _credentials(scope: Scope) -> Credentials:
    cookies = parse_cookie("; ".join(_headers(scope, b"cookie")))
    keys = [key for text in _headers(scope, b"authorization") if (key := bearer_key(text)) is not None]
    return Credentials(next(iter(keys), None), cookies.get(settings.SESSION_COOKIE_NAME))


def _headers(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
