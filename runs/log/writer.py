"""The one thread per worker process that writes logs, all runs' appends together.

While a commit is under way, what the runs append meanwhile gathers for the next one.
A batch of a run whose lease was taken over is refused; the other runs' batches pass.
"""

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from orchestrator.engine.log.events import Event
from runs.log.batch import Batch, WrittenRun, commit, prepare
from tenants.isolation.scope import system_scope

log = structlog.get_logger(__name__)

RETRY_S = 0.05
STOP_S = 5.0
"""How long a stopping writer tries to reach a database that is away."""

Resolve = Callable[[], None]
"""Called on the writer's thread once all that was appended before is durable or refused."""

Work = dict[int, tuple[WrittenRun, list[Event], list[Resolve]]]


class LogWriter:
    """`append` and `flush` may be called from any thread and never block."""

    def __init__(self, on_commit: Callable[[Sequence[Batch]], None]) -> None:
        self._queue: SimpleQueue[tuple[WrittenRun, Sequence[Event], Resolve | None] | None] = SimpleQueue()
        self._on_commit = on_commit
        self._give_up_at: float | None = None
        self._thread = threading.Thread(target=self._loop, name="log-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what was appended, then end."""
        self._give_up_at = time.monotonic() + STOP_S
        self._queue.put(None)
        self._thread.join()

    def append(self, to: WrittenRun, events: Sequence[Event]) -> None:
        self._queue.put((to, events, None))

    def flush(self, to: WrittenRun, resolve: Resolve) -> None:
        self._queue.put((to, (), resolve))

    def _loop(self) -> None:
        going = True
        with system_scope():
            while going:
                work, going = self._gather()
                self._write(work)
        connection.close()

    def _gather(self) -> tuple[Work, bool]:
        """Everything in the queue, by run; waits for the first entry."""
        work: Work = {}
        entry = self._queue.get()
        while entry is not None:
            to, events, resolve = entry
            _, gathered, resolves = work.setdefault(id(to), (to, [], []))
            gathered.extend(events)
            if resolve is not None:
                resolves.append(resolve)
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return work, True
        return work, False

    def _write(self, work: Work) -> None:
        batches = [batch for to, events, _ in work.values() if events and not to.lost for batch in self._prepared(to, events)]
        committed = self._commit(batches) if batches else []
        for batch in batches:
            batch.to.lost |= batch not in committed
        if committed:
            self._on_commit(committed)
        for _, _, resolves in work.values():
            for resolve in resolves:
                resolve()

    def _prepared(self, to: WrittenRun, events: list[Event]) -> list[Batch]:
        try:
            return [prepare(to, events)]
        except Exception:  # whatever one run appended, the others' logs go on
            log.exception("log_events_refused", run=str(to.claim.run_id))
            to.lost = True
            return []

    def _commit(self, batches: list[Batch]) -> list[Batch]:
        """Write all batches in one transaction, again and again while the database is away."""
        again = False
        while True:
            try:
                return commit(batches, again=again)
            except (OperationalError, InterfaceError) as error:
                log.warning("log_write_failed", error=str(error), runs=len(batches))
                close_old_connections()
                if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                    return []
                time.sleep(RETRY_S)
                again = True
            except DatabaseError:
                log.exception("log_write_refused", runs=len(batches))
                return self._one_by_one(batches)

    def _one_by_one(self, batches: list[Batch]) -> list[Batch]:
        """The database refused a batch: the run it belongs to is lost, the others are not."""
        if len(batches) == 1:
            return []
        return [done for batch in batches for done in self._commit([batch])]
