"""What comes through the channel layer, handed to the sockets of this process.

One channel for all of them, subscribed for as long as the process lives: while a process has no subscription at
all, the layer looks for messages every 100 ms only. A group is subscribed while somebody here listens to it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import structlog

from orchestrator.settings.channel_layer import connections_made
from runs.live.groups import channel_layer, run_of_group
from runs.live.sockets.lookout import look

log = structlog.get_logger(__name__)

JOIN_S = 1.0
"""A broker that does not answer holds no socket longer: what the log has is shown, and looked for again."""
REST_S = 0.5
LOOK_S = 1.0
"""How soon a lost last frame is found."""

Message = dict[str, Any]
Ear = Callable[[Message], None]


@dataclass(slots=True)
class _Group:
    ears: set[Ear] = field(default_factory=set)
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    late: bool = False
    """Somebody listens since before it was joined."""


class Switchboard:
    """Lives on one event loop."""

    def __init__(self) -> None:
        self._channel = f"baton.web.{uuid4().hex}"
        self._groups = {f"web.{uuid4().hex}": _Group()}
        """Wanted. The first is nobody's: it keeps the subscription."""
        self._joined: set[str] = set()
        self._changed = asyncio.Event()
        self._changed.set()
        self._made = 0
        """Connections to the broker at the last look; kept here, because a look may end when the database is away."""
        self._duties = [asyncio.ensure_future(_keep(duty)) for duty in (self._receive, self._join, self._look)]

    @asynccontextmanager
    async def listening(self, group: str, ear: Ear) -> AsyncIterator[None]:
        """Until the block ends `ear` gets what is sent to `group`; it must not block."""
        wanted = self._groups.setdefault(group, _Group())
        wanted.ears.add(ear)
        self._changed.set()
        try:
            try:
                # Not `wait_for`: in Python 3.11 it swallows a cancellation that comes together with the result.
                async with asyncio.timeout(JOIN_S):
                    await wanted.joined.wait()
            except TimeoutError:
                wanted.late = True
            yield
        finally:
            wanted.ears.discard(ear)
            if not wanted.ears:
                del self._groups[group]
                self._changed.set()

    def groups(self) -> list[str]:
        """Those that somebody listens to."""
        return [name for name, group in self._groups.items() if group.ears]

    def tell(self, group: str, message: Message) -> None:
        """Give a message to those who listen here."""
        for ear in list(self._groups[group].ears) if group in self._groups else ():
            ear(message)

    async def _receive(self) -> None:
        layer = channel_layer()
        while True:
            message: Message = await layer.receive(self._channel)
            self.tell(message.get("group", ""), message)

    async def _join(self) -> None:
        """Bring the layer's groups to those that are wanted; alone, so that joining and leaving never overlap."""
        layer = channel_layer()
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                for name in self._groups.keys() - self._joined:
                    await layer.group_add(name, self._channel)
                    self._joined.add(name)
                    self._note_joined(name)
                for name in self._joined - self._groups.keys():
                    self._joined.discard(name)
                    await layer.group_discard(name, self._channel)
            except BaseException:
                self._changed.set()
                raise

    def _note_joined(self, name: str) -> None:
        group = self._groups.get(name)
        if group is None:
            return
        group.joined.set()
        if group.late:
            group.late = False
            self._tell_missed([name])

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            before, self._made = self._made, connections_made()
            if before and self._made != before:
                self._tell_missed(self.groups())
            for group, message in await look(self.groups()):
                self.tell(group, message)

    def _tell_missed(self, groups: Iterable[str]) -> None:
        """What was sent to these groups is lost, as when a connection broke: those who have no numbers to miss are told."""
        for group in groups:
            if run_of_group(group) is None:
                self.tell(group, {"type": "missed"})


async def _keep(duty: Callable[[], Any]) -> None:
    """Do a duty for ever, whatever happens to the broker or the database meanwhile."""
    while True:
        try:
            await duty()
        except Exception as error:  # noqa: BLE001 - every broker has its own errors, and none may end this
            log.warning("switchboard_duty_failed", duty=duty.__name__, error=str(error))
            await asyncio.sleep(REST_S)


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = WeakKeyDictionary()


def switchboard() -> Switchboard:
    """That of the running loop."""
    loop = asyncio.get_running_loop()
    found = _of_loop.get(loop)
    if found is None:
        found = _of_loop[loop] = Switchboard()
    return found
