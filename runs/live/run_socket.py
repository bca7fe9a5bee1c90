"""The websocket of one run: its log from a number on, then what happens as it happens."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from runs.live.access import Visitor, visible_run
from runs.live.groups import run_group
from runs.live.live_socket import NOT_FOUND, LiveSocket, read
from runs.log.run_log import read_after
from tenants.isolation.scope import tenant_scope

PAGE = 1000
MESSAGE_CHARS = 256 * 1024


class RunSocket(LiveSocket):
    """`/ws/runs/<uuid>/?after=N`: the events after N from the log, then live, each exactly once and in order."""

    async def refusal(self, who: Visitor) -> int | None:
        run = await read(visible_run)(who, self._run_id)
        if run is None:
            return NOT_FOUND
        self._tenant_id, self._last_seq = run.tenant_id, run.last_seq
        return None

    async def opened(self) -> None:
        self._sent = _number(parse_qs(self.scope["query_string"].decode("latin-1")).get("after", ["0"])[0])
        self._catching_up = asyncio.Lock()
        await self.channel_layer.group_add(run_group(self._run_id), self.channel_name)
        await self._catch_up(say=True)

    async def closed(self) -> None:
        await self.channel_layer.group_discard(run_group(self._run_id), self.channel_name)

    async def checked(self) -> None:
        if self._last_seq > self._sent:
            await self._catch_up()

    async def told(self, message: dict[str, Any]) -> bool:
        after = message.get("after")
        if message.get("type") != "resync" or not isinstance(after, int) or not 0 <= after < 2**53:
            return False
        self._sent = after
        await self._catch_up(say=True)
        return True

    async def run_frame(self, frame: dict[str, Any]) -> None:
        """A frame of the run's group: sent on when it follows what was sent, else the log is read."""
        if frame["deltas"]:
            await self.send(json.dumps({"type": "deltas", "deltas": frame["deltas"]}))
        if not frame["last"] or frame["last"] <= self._sent:
            return
        if frame["events"] and frame["first"] == self._sent + 1:
            self._sent = frame["last"]
            await self.send(f'{{"type":"events","events":{frame["events"]}}}')
        else:
            await self._catch_up()

    @property
    def _run_id(self) -> UUID:
        run_id: UUID = self.scope["url_route"]["kwargs"]["run_id"]
        return run_id

    async def _catch_up(self, *, say: bool = False) -> None:
        """Send what the log has beyond what was sent."""
        async with self._catching_up:
            while rows := await read(_rows_after)(self._tenant_id, self._run_id, self._sent):
                for texts in _messages(rows):
                    await self.send(f'{{"type":"events","events":[{",".join(texts)}]}}')
                self._sent = rows[-1][0]
            if say:
                await self.send(json.dumps({"type": "caught_up", "last_seq": self._sent}))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _rows_after(tenant_id: UUID, run_id: UUID, after: int) -> list[tuple[int, str]]:
    with tenant_scope(tenant_id):
        return read_after(run_id, after, PAGE)


def _messages(rows: list[tuple[int, str]]) -> list[list[str]]:
    """The texts, in messages of bearable size."""
    messages: list[list[str]] = [[]]
    size = 0
    for _, text in rows:
        if size + len(text) > MESSAGE_CHARS and messages[-1]:
            messages.append([])
            size = 0
        messages[-1].append(text)
        size += len(text)
    return messages
