"""The websocket of one run: its log from a number on, then what happens as it happens."""

import asyncio
import json
from collections import deque
from urllib.parse import parse_qs
from uuid import UUID

from runs.live.groups import run_group
from runs.live.sockets.access import Visitor, visible_run
from runs.live.sockets.endings import NO_SUCH_EVENT, NOT_FOUND, NOT_UNDERSTOOD, Ending
from runs.live.sockets.live_socket import LiveSocket, Message, Receive, Scope, Send
from runs.live.sockets.reads import read
from runs.live.sockets.switchboard import switchboard
from runs.log.run_log import read_after
from tenants.isolation.scope import tenant_scope

PAGE = 1000
MESSAGE_CHARS = 256 * 1024
FRAMES_CHARS = 1024 * 1024
"""Frames that wait for a slow client. Beyond that they are dropped, and the log is read instead."""


class RunSocket(LiveSocket):
    """`/ws/runs/<uuid>/?after=N`: the events after N from the log, then live, each exactly once and in order.

    Frames, the lookout and the client only leave notes; `show` reads them, and it alone sends and counts what was sent.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._run_id: UUID = scope["url_route"]["kwargs"]["run_id"]
        self._news = asyncio.Event()
        self._frames: deque[Message] = deque()
        self._chars = 0
        self._length = 0
        """Of the log, as far as it is known."""
        self._sent = 0
        self._again = 0
        """From where the client wants the log."""
        self._asked = True

    async def refusal(self, who: Visitor) -> Ending | None:
        run = await read(visible_run, who, self._run_id)
        if run is None:
            return NOT_FOUND
        self._tenant_id = run.tenant_id
        self._note_length(run.last_seq)
        return None

    def told(self, message: Message) -> Ending | None:
        after = message.get("after")
        if message.get("type") != "resync" or not isinstance(after, int) or isinstance(after, bool) or after < 0:
            return NOT_UNDERSTOOD
        if after > self._sent:
            return NO_SUCH_EVENT
        self._again, self._asked = after, True
        self._news.set()
        return None

    async def show(self) -> Ending:
        after = _number(self.scope["query_string"].decode("latin-1"))
        if after is None or after > self._length:
            return NO_SUCH_EVENT
        self._sent = self._again = after
        async with switchboard().listening(run_group(self._run_id), self._hear_of):
            while True:
                if self._asked:
                    self._sent, self._asked = self._again, False
                    await self._catch_up()
                    await self.send(json.dumps({"type": "caught_up", "last_seq": self._sent}))
                elif self._frames:
                    await self._show_frame(self._frames.popleft())
                elif self._length > self._sent:
                    await self._catch_up()
                else:
                    self._news.clear()
                    await self._news.wait()

    def _hear_of(self, message: Message) -> None:
        """A frame of the run, or how long its log has become."""
        if message["type"] == "run.length":
            self._note_length(message["last"])
            return
        self._chars += _size(message)
        self._frames.append(message)
        self._length = max(self._length, message["last"])
        if self._chars > FRAMES_CHARS:
            self._frames.clear()
            self._chars = 0
        self._news.set()

    def _note_length(self, length: int) -> None:
        if length > self._length:
            self._length = length
            self._news.set()

    async def _show_frame(self, frame: Message) -> None:
        """Sent on when it follows what was sent, else the log is read."""
        self._chars -= _size(frame)
        if frame["deltas"]:
            await self.send(json.dumps({"type": "deltas", "deltas": frame["deltas"]}))
        if frame["last"] <= self._sent:
            return
        if frame["events"] and frame["first"] == self._sent + 1:
            self._sent = frame["last"]
            await self.send(f'{{"type":"events","events":{frame["events"]}}}')
        else:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Send what the log has beyond what was sent."""
        while True:
            length = self._length
            rows = await read(_rows_after, self._tenant_id, self._run_id, self._sent)
            if not rows:
                break
            for texts in _messages(rows):
                await self.send(f'{{"type":"events","events":[{",".join(texts)}]}}')
            self._sent = rows[-1][0]
        if self._length == length:
            self._length = self._sent  # or a length that no log has would be looked for without end


def _number(query: str) -> int | None:
    """What `after` says; None when it is no number."""
    texts = parse_qs(query, keep_blank_values=True).get("after", ["0"])
    plain = len(texts) == 1 and texts[0].isascii() and texts[0].isdecimal() and len(texts[0]) < 16
    return int(texts[0]) if plain else None


def _size(frame: Message) -> int:
    return len(frame["events"]) + sum(len(delta["text"]) for delta in frame["deltas"])


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
