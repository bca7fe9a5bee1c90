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

UNDER_WAY = 500
"""Frames on their way to the broker. Beyond that they are dropped."""
SEND_S = 5.0


@dataclass(slots=True)
class _Pending:
    """What a run has to show and has not shown yet."""

    first: int = 0
    last: int = 0
    texts: list[str] = field(default_factory=list)
    deltas: dict[Path, list[str]] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None

    def frame(self) -> dict[str, Any]:
        """The message for the run's group. Streamed text goes first: it is older than its result."""
        deltas = [{"path": path, "text": "".join(pieces)} for path, pieces in self.deltas.items()]
        events = f"[{','.join(self.texts)}]" if self.texts else ""
        if len(events) > FRAME_LIMIT:
            events = ""
        return {"type": "run.frame", "first": self.first, "last": self.last, "events": events, "deltas": deltas}


class Publisher:
    """Sends the frames of all runs of one worker. Lives on the worker's loop."""

    def __init__(self) -> None:
        self._pending: dict[UUID, _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def events(self, run_id: UUID, first: int, texts: Sequence[str], *, last: bool) -> None:
        """What was committed. `last`: nothing follows for now, so there is nothing to wait for."""
        pending = self._of(run_id)
        if not pending.texts:
            pending.first = first
        pending.last = first + len(texts) - 1
        pending.texts.extend(texts)
        if last:
            self._flush(run_id)

    def delta(self, run_id: UUID, path: Path, text: str) -> None:
        self._of(run_id).deltas.setdefault(path, []).append(text)

    def changed(self, tenant_id: UUID, run_id: UUID) -> None:
        """A run of the tenant has another status or another question."""
        self._send(tenant_group(tenant_id), {"type": "tenant.run", "run": str(run_id)})

    async def drain(self) -> None:
        """Send what is left."""
        for run_id in list(self._pending):
            self._flush(run_id)
        await asyncio.gather(*self._tasks)

    def _of(self, run_id: UUID) -> _Pending:
        """The pending frame. A run that was quiet sends it as soon as the loop gets to it."""
        pending = self._pending.get(run_id)
        if pending is None:
            pending = self._pending[run_id] = _Pending()
            pending.timer = self._loop.call_later(0, self._flush, run_id)
        return pending

    def _flush(self, run_id: UUID) -> None:
        pending = self._pending.pop(run_id)
        if pending.timer is not None:
            pending.timer.cancel()
        if not pending.texts and not pending.deltas:
            return
        self._send(run_group(run_id), pending.frame())
        self._pending[run_id] = quiet = _Pending()
        quiet.timer = self._loop.call_later(FRAME_S, self._flush, run_id)

    def _send(self, group: str, message: dict[str, Any]) -> None:
        if len(self._tasks) >= UNDER_WAY:
            log.debug("frame_lost", group=group, error="The broker does not keep up.")
            return
        task = self._loop.create_task(_group_send(group, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _group_send(group: str, message: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await send_to(group, message)
    except Exception as error:  # noqa: BLE001 - the broker may be away in many ways; the log is the truth
        log.debug("frame_lost", group=group, error=str(error))
