"""Live frames: what was just committed, and text as it streams, for whoever watches.

The first frame of a run leaves at once, further ones at most about thirty times a second,
and the one with which the run ends or begins to wait at once again.
A frame can get lost; events have numbers, so whoever watches notices and reads the log.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from orchestrator.engine.ids import Path
from runs.live.groups import run_group, send_to, tenant_group

log = structlog.get_logger(__name__)

FRAME_S = 1 / 30
FRAME_LIMIT = 256 * 1024
"""A longer frame is replaced by a hint, and the watchers read the log."""

UNDER_WAY = 64
"""Messages on their way to the broker. While there are so many, no further one is sent."""
AGAIN_S = 1.0
SEND_S = 5.0


@dataclass(slots=True)
class _Pending:
    """What a run has to show and has not shown yet."""

    first: int = 0
    last: int = 0
    texts: list[str] = field(default_factory=list)
    deltas: dict[Path, list[str]] = field(default_factory=dict)
    chars: int = 0
    timer: asyncio.TimerHandle | None = None

    def add_events(self, first: int, texts: Sequence[str]) -> None:
        if not self.last:
            self.first = first
        self.last = first + len(texts) - 1
        self._grow(sum(map(len, texts)))
        if self.chars <= FRAME_LIMIT:
            self.texts.extend(texts)

    def add_delta(self, path: Path, text: str) -> None:
        self._grow(len(text))
        if self.chars <= FRAME_LIMIT:
            self.deltas.setdefault(path, []).append(text)

    def _grow(self, chars: int) -> None:
        """Beyond the limit only the numbers are kept."""
        self.chars += chars
        if self.chars > FRAME_LIMIT:
            self.texts.clear()
            self.deltas.clear()

    @property
    def empty(self) -> bool:
        return not self.last and not self.deltas

    def frame(self) -> dict[str, Any]:
        """The message for the run's group. Streamed text goes first: it is older than its result."""
        deltas = [{"path": path, "text": "".join(pieces)} for path, pieces in self.deltas.items()]
        events = f"[{','.join(self.texts)}]" if self.texts else ""
        return {"type": "run.frame", "first": self.first, "last": self.last, "events": events, "deltas": deltas}


class Publisher:
    """Sends the frames of all runs of one worker. Lives on the worker's loop.

    While the broker does not keep up, what there is to show gathers into fewer and longer frames.
    """

    def __init__(self) -> None:
        self._pending: dict[UUID, _Pending] = {}
        self._changed: dict[UUID, set[UUID]] = {}
        """Runs by tenant that its lists have not been told of; a tenant's timer runs while it is here."""
        self._tasks: set[asyncio.Task[bool]] = set()
        self._draining = False
        self._loop = asyncio.get_running_loop()

    def events(self, run_id: UUID, first: int, texts: Sequence[str], *, last: bool) -> None:
        """What was committed. `last`: nothing follows for now, so there is nothing to wait for."""
        self._of(run_id).add_events(first, texts)
        if last:
            self._flush(run_id)

    def delta(self, run_id: UUID, path: Path, text: str) -> None:
        self._of(run_id).add_delta(path, text)

    def changed(self, tenant_id: UUID, run_id: UUID) -> None:
        """A run of the tenant has another status or another question."""
        if tenant_id not in self._changed:
            self._changed[tenant_id] = set()
            self._loop.call_soon(self._tell_changed, tenant_id)
        self._changed[tenant_id].add(run_id)

    async def drain(self) -> None:
        """Send what is left, however busy the broker is."""
        self._draining = True
        for run_id in list(self._pending):
            self._flush(run_id)
        for tenant_id in list(self._changed):
            self._tell_changed(tenant_id)
        await asyncio.gather(*self._tasks)

    def _of(self, run_id: UUID) -> _Pending:
        """The pending frame. A run that was quiet sends it as soon as the loop gets to it."""
        pending = self._pending.get(run_id)
        if pending is None:
            pending = self._pending[run_id] = _Pending()
            pending.timer = self._loop.call_later(0, self._flush, run_id)
        return pending

    def _flush(self, run_id: UUID) -> None:
        pending = self._pending[run_id]
        if pending.timer is not None:
            pending.timer.cancel()
        if self._busy and not pending.empty:
            pending.timer = self._loop.call_later(FRAME_S, self._flush, run_id)
            return
        del self._pending[run_id]
        if pending.empty:
            return
        self._send(run_group(run_id), pending.frame())
        self._pending[run_id] = quiet = _Pending()
        quiet.timer = self._loop.call_later(FRAME_S, self._flush, run_id)

    def _tell_changed(self, tenant_id: UUID) -> None:
        """Tell the tenant's lists: at once when they were quiet, then at most every half frame.

        Again later when the broker does not take it, because lists have no numbers to miss.
        """
        runs = self._changed.get(tenant_id)
        if not runs:
            self._changed.pop(tenant_id, None)
        elif self._busy:
            self._loop.call_later(FRAME_S, self._tell_changed, tenant_id)
        else:
            self._changed[tenant_id] = set()
            sending = self._send(tenant_group(tenant_id), {"type": "tenant.runs", "runs": [str(run) for run in runs]})
            sending.add_done_callback(lambda sent: self._told(sent, tenant_id, runs))

    def _told(self, sent: asyncio.Task[bool], tenant_id: UUID, runs: set[UUID]) -> None:
        if sent.cancelled():
            return
        if not sent.result():
            self._changed.setdefault(tenant_id, set()).update(runs)
        self._loop.call_later(FRAME_S / 2 if sent.result() else AGAIN_S, self._tell_changed, tenant_id)

    @property
    def _busy(self) -> bool:
        return len(self._tasks) >= UNDER_WAY and not self._draining

    def _send(self, group: str, message: dict[str, Any]) -> asyncio.Task[bool]:
        task = self._loop.create_task(_group_send(group, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _group_send(group: str, message: dict[str, Any]) -> bool:
    """Whether the broker took it."""
    try:
        async with asyncio.timeout(SEND_S):
            await send_to(group, message)
        return True
    except Exception as error:  # noqa: BLE001 - the broker may be away in many ways; the log is the truth
        log.debug("frame_lost", group=group, error=str(error))
        return False
