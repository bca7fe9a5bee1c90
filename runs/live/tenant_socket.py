"""The websocket of a tenant's lists: runs that change, and how many questions are open."""

import asyncio
import json
from typing import Any
from uuid import UUID

from runs.live.access import Visitor, may_view
from runs.live.groups import tenant_group
from runs.live.live_socket import NOT_FOUND, LiveSocket, read
from runs.live.summaries import summary_of
from runs.models import Approval, Run
from tenants.isolation.scope import tenant_scope

GATHER_S = 0.2
"""Changes of a tenant's runs within so long make one query."""


class TenantSocket(LiveSocket):
    """`/ws/live/`: each run of the tenant that changes, as its summary, and how many questions are open."""

    async def refusal(self, who: Visitor) -> int | None:
        return None if await read(may_view)(who) else NOT_FOUND

    async def opened(self) -> None:
        assert self.who is not None
        self._tenant_id = self.who.tenant_id
        self._changed: set[UUID] = set()
        self._gathering: asyncio.Task[None] | None = None
        await self.channel_layer.group_add(tenant_group(self._tenant_id), self.channel_name)
        await self._say_changes(set())

    async def closed(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
        await self.channel_layer.group_discard(tenant_group(self._tenant_id), self.channel_name)

    async def tenant_run(self, message: dict[str, Any]) -> None:
        self._changed.add(UUID(message["run"]))
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.get_running_loop().create_task(self._show())

    async def _show(self) -> None:
        while self._changed:
            await asyncio.sleep(GATHER_S)
            changed, self._changed = self._changed, set()
            await self._say_changes(changed)

    async def _say_changes(self, changed: set[UUID]) -> None:
        if self.who is not None:
            runs, count = await read(_changes)(self.who, changed)
            for run in runs:
                await self.send(json.dumps({"type": "run", "run": run}))
            await self.send(json.dumps({"type": "approvals", "count": count}))


def _changes(who: Visitor, changed: set[UUID]) -> tuple[list[dict[str, Any]], int]:
    with tenant_scope(who.tenant_id):
        runs = Run.objects.visible_to(who.user).filter(pk__in=changed).for_lists() if changed else ()
        return [summary_of(run) for run in runs], Approval.objects.open_for(who.user).count()
