"""A thread that sends what the broker is told, so that no request waits for a broker."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from kombu import Producer

from runs.live.groups import send_to, tenant_group

log = structlog.get_logger(__name__)

LIMIT_S = 1.0
"""For one message to be taken by the broker."""
REST_S = 1.0
"""After a failure nothing is sent for so long."""
ROOM = 2000
"""Messages that wait. Beyond that they are dropped: the rows are the truth."""

GATHER_S = 0.1
"""Changes of a tenant's runs within so long make one message: lists gather them in any case."""

Sending = Callable[[], object]


class Outbox:
    """Sends in the order of being given, one at a time, but for what gathers. Whatever cannot be sent is dropped."""

    def __init__(self) -> None:
        self._waiting: Queue[tuple[float, Sending]] = Queue(ROOM)
        """Each with the time before which it is not sent."""
        self._changed: dict[UUID, set[UUID]] = {}
        """Runs by tenant; while a tenant is here, a message for it waits."""
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._producer: Producer | None = None
        self._away_until = 0.0

    def to_group(self, group: str, message: dict[str, Any]) -> None:
        self._put(lambda: self._loop.run_until_complete(_send_within_limit(group, message)))

    def to_queue(self, task: str, *arguments: object) -> None:
        self._put(lambda: self._publish(task, arguments))

    def to_lists(self, tenant_id: UUID, run_id: UUID) -> None:
        """Tell the lists of a tenant, in a moment, that a run has changed."""
        with self._guard:
            first = tenant_id not in self._changed
            self._changed.setdefault(tenant_id, set()).add(run_id)
        if first and not self._put(lambda: self._tell_lists(tenant_id), in_s=GATHER_S):
            with self._guard:
                self._changed.pop(tenant_id, None)  # no message waits for it: the next change makes one

    def settle(self, seconds: float = 10.0) -> None:
        """Return when everything given so far was sent or dropped. Raises TimeoutError."""
        waiting = self._waiting
        with waiting.all_tasks_done:
            if not waiting.all_tasks_done.wait_for(lambda: not waiting.unfinished_tasks, seconds):
                raise TimeoutError(f"{waiting.unfinished_tasks} messages still wait after {seconds} s")

    def forget(self) -> None:
        """Another broker is used: drop what waits, the connection, and what is known of failures."""
        try:
            while True:
                self._waiting.get_nowait()
                self._waiting.task_done()
        except Empty:
            pass
        self._drop_changed()
        self._producer, self._away_until = None, 0.0

    def _put(self, sending: Sending, *, in_s: float = 0.0) -> bool:
        """Whether there was room for it."""
        taken = True
        try:
            self._waiting.put_nowait((time.monotonic() + in_s, sending))
        except Full:
            taken = False
            log.warning("wake_up_dropped", waiting=ROOM)
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
                self._thread.start()
        return taken

    def _work(self) -> None:
        # Made here, because a process that was forked has neither the thread nor the connections of its parent.
        self._loop, self._producer, self._later = asyncio.new_event_loop(), None, deque[tuple[float, Sending]]()
        while True:
            sending = self._next()
            try:
                if time.monotonic() >= self._away_until:
                    sending()
                else:
                    self._drop_changed()
            except Exception as error:  # noqa: BLE001 - every transport has its own errors, and none may end this
                self._producer = None
                self._away_until = time.monotonic() + REST_S
                log.warning("wake_up_not_sent", error=str(error))
            finally:
                self._waiting.task_done()

    def _next(self) -> Sending:
        """The next one whose time has come. What waits for its time waits equally long, so it stays in order."""
        while True:
            now = time.monotonic()
            if self._later and self._later[0][0] <= now:
                return self._later.popleft()[1]
            try:
                at, sending = self._waiting.get(timeout=self._later[0][0] - now if self._later else None)
            except Empty:
                continue
            if at <= time.monotonic():
                return sending
            self._later.append((at, sending))

    def _tell_lists(self, tenant_id: UUID) -> None:
        with self._guard:
            runs = self._changed.pop(tenant_id, set())
        if runs:
            message = {"type": "tenant.runs", "runs": [str(run) for run in runs]}
            self._loop.run_until_complete(_send_within_limit(tenant_group(tenant_id), message))

    def _drop_changed(self) -> None:
        """Messages that wait for their time find nothing to say; the next change makes a new one."""
        with self._guard:
            self._changed.clear()

    def _publish(self, task: str, arguments: tuple[object, ...]) -> None:
        if self._producer is None:
            limits = {"socket_timeout": LIMIT_S, "socket_connect_timeout": LIMIT_S}
            self._producer = current_app.amqp.Producer(current_app.connection_for_write(transport_options=limits))
        current_app.send_task(task, args=arguments, producer=self._producer, retry=False, ignore_result=True)


async def _send_within_limit(group: str, message: dict[str, Any]) -> None:
    async with asyncio.timeout(LIMIT_S):
        await send_to(group, message)
