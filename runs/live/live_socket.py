"""What every websocket of this room keeps to: who may open it, how long it lives, what it bears."""

import asyncio
import json
import time
from collections import Counter
from typing import Any, ClassVar
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from runs.live.access import Visitor, visitor

NOT_SIGNED_IN, NOT_FOUND, ABUSE, TOO_MANY = 4401, 4404, 1008, 4429
CHECK_S = 4.0
"""How often rights are looked at again; also how soon a lost last frame is found."""
INBOUND_LIMIT = 64 * 1024
BURST, PER_S = 10, 1.0
SOCKETS_PER_USER = 40
"""In one web process."""

read = database_sync_to_async


class LiveSocket(AsyncWebsocketConsumer):
    """Checks the person before it opens and while it is open; closes on abuse."""

    _open: ClassVar[Counter[UUID]] = Counter()
    who: Visitor | None = None
    _counted = False

    async def connect(self) -> None:
        self.who = await read(visitor)(self.scope["session"].session_key)
        if self.who is None:
            await self.close(NOT_SIGNED_IN)
            return
        await self.accept()
        refusal = TOO_MANY if self._open[self.who.user.pk] >= SOCKETS_PER_USER else await self.refusal(self.who)
        if refusal is not None:
            await self.close(refusal)
            return
        self._open[self.who.user.pk] += 1
        self._counted = True
        self._credit, self._credited_at = float(BURST), time.monotonic()
        await self.opened()
        self._checks = asyncio.get_running_loop().create_task(self._keep_checking())

    async def disconnect(self, code: int) -> None:
        if self._counted and self.who is not None:
            self._checks.cancel()
            self._open[self.who.user.pk] -= 1
            if not self._open[self.who.user.pk]:
                del self._open[self.who.user.pk]
            await self.closed()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None or len(text_data) > INBOUND_LIMIT or not self._has_credit():
            await self.close(ABUSE)
            return
        try:
            message = json.loads(text_data)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not await self.told(message):
            await self.close(ABUSE)

    async def refusal(self, who: Visitor) -> int | None:
        """A close code when the person may not see this (any more)."""
        raise NotImplementedError

    async def opened(self) -> None:
        """Join groups and send what there is."""

    async def checked(self) -> None:
        """Called after each check that went well."""

    async def closed(self) -> None:
        """Leave groups."""

    async def told(self, message: dict[str, Any]) -> bool:
        """Act on what the client says. False for what is not understood."""
        return False

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            self.who = await read(visitor)(self.scope["session"].session_key)
            code = NOT_SIGNED_IN if self.who is None else await self.refusal(self.who)
            if code is not None:
                await self.close(code)
                return
            await self.checked()

    def _has_credit(self) -> bool:
        now = time.monotonic()
        self._credit = min(BURST, self._credit + (now - self._credited_at) * PER_S) - 1
        self._credited_at = now
        return self._credit >= 0
