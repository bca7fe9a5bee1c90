"""The websocket of a tenant's lists: runs that change, and how many questions are open."""

import asyncio
import json
from typing import Any
from uuid import UUID

from runs.live.groups import tenant_group
from runs.live.sockets.access import Visitor, may_view
from runs.live.sockets.endings import NOT_FOUND, NOT_UNDERSTOOD, Ending
from runs.live.sockets.live_socket import LiveSocket, Message, Receive, Scope, Send
from runs.live.sockets.reads import read
from runs.live.sockets.switchboard import switchboard
from runs.live.summaries import summary_of
from runs.models import Approval, Run
from tenants.isolation.scope import tenant_scope

GATHER_S = 0.2
"""Changes of a tenant's runs within so long make one query."""
AT_ONCE = 500


class TenantSocket(LiveSocket):
    """`/ws/live/`: each run of the tenant that changes, as its summary, and how many questions are open.

    `resync` says that changes may have been missed; `{"type": "runs", "runs": [ids]}` asks how these runs stand.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._news = asyncio.Event()
        self._changed: set[UUID] = set()
        self._missed = False

    async def refusal(self, who: Visitor) -> Ending | None:
        same = who.tenant_id == self.who.tenant_id
        return None if same and await read(may_view, who) else NOT_FOUND

    def told(self, message: Message) -> Ending | None:
        wanted = message.get("runs")
        if message.get("type") != "runs" or not isinstance(wanted, list) or len(wanted) > AT_ONCE:
            return NOT_UNDERSTOOD
        try:
            self._changed.update(map(UUID, wanted))
        except (ValueError, TypeError, AttributeError):
            return NOT_UNDERSTOOD
        self._news.set()
        return None

    async def show(self) -> Ending:
        async with switchboard().listening(tenant_group(self.who.tenant_id), self._hear_of):
            await self._say(set())
            while True:
                await self._news.wait()
                await asyncio.sleep(GATHER_S)
                self._news.clear()
                if self._missed:
                    self._missed = False
                    await self.send(json.dumps({"type": "resync"}))
                changed, self._changed = self._changed, set()
                await self._say(changed)

    def _hear_of(self, message: Message) -> None:
        self._missed |= message["type"] == "missed"
        self._changed.update(map(UUID, message.get("runs", ())))
        self._news.set()

    async def _say(self, changed: set[UUID]) -> None:
        waiting = list(changed)
        while waiting:
            for run in await read(_summaries, self.who, waiting[:AT_ONCE]):
                await self.send(json.dumps({"type": "run", "run": run}))
            del waiting[:AT_ONCE]
        await self.send(json.dumps({"type": "approvals", "count": await read(_open_questions, self.who)}))


def _summaries(who: Visitor, changed: list[UUID]) -> list[dict[str, Any]]:
    with tenant_scope(who.tenant_id):
        return [summary_of(run) for run in Run.objects.visible_to(who.user).filter(pk__in=changed).for_lists()]


def _open_questions(who: Visitor) -> int:
    with tenant_scope(who.tenant_id):
        return Approval.objects.open_for(who.user).count()
