"""The one thread per worker process that writes logs, all runs' appends together.

While a commit is under way, what the runs append meanwhile gathers for the next one.
A batch of a run whose lease was taken over is refused; the other runs' batches pass. So does a
batch that the database refuses, or that cannot even be made: it is that run's fault, and the others go on.
"""

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import structlog

from orchestrator.engine.log.events import Event
from runs.leases.claim import Ending
from runs.log.batch import Batch, WrittenRun, commit, prepare
from tenants.isolation.database import drop_connection, is_away
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

    @property
    def alive(self) -> bool:
        """Whether what is appended will ever be written."""
        return self._thread.is_alive()

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
        try:
            with system_scope():
                while going:
                    work, going = self._gather()
                    self._write(work)
        finally:
            drop_connection()

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
        batches = [batch for to, events, _ in work.values() if events and to.claim.ending is None for batch in self._prepared(to, events)]
        committed = self._commit(batches) if batches else []
        if committed:
            self._show(committed)
        for _, _, resolves in work.values():
            for resolve in resolves:
                resolve()

    def _show(self, committed: list[Batch]) -> None:
        try:
            self._on_commit(committed)
        except Exception:  # what is written is written, whoever cannot be shown it
            log.exception("commit_not_shown", runs=len(committed))

    def _prepared(self, to: WrittenRun, events: list[Event]) -> list[Batch]:
        try:
            return [prepare(to, events)]
        except Exception:  # whatever one run appended, the others' logs go on
            log.exception("log_events_refused", run=str(to.claim.run_id))
            to.claim.end(Ending.REFUSED)
            return []

    def _commit(self, batches: list[Batch], *, again: bool = False) -> list[Batch]:
        """Write all batches in one transaction, again and again while the database is away.

        Ends the claims of those that were not written. `again`: they may be in already.
        """
        while True:
            try:
                committed = commit(batches, again=again)
            except Exception as error:  # noqa: BLE001 - of the database, of its driver, or of what one run appended
                drop_connection()
                if not is_away(error):
                    return self._one_by_one(batches, error, again=again)
                log.warning("log_write_failed", error=str(error), runs=len(batches))
                if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                    return []
                time.sleep(RETRY_S)
                again = True
            else:
                for batch in batches:
                    if batch not in committed:
                        batch.to.claim.end(Ending.TAKEN)
                return committed

    def _one_by_one(self, batches: list[Batch], error: Exception, *, again: bool) -> list[Batch]:
        """Something in these batches cannot be written: find out whose it is, and write the others'."""
        if len(batches) > 1:
            return [done for batch in batches for done in self._commit([batch], again=again)]
        log.error("log_write_refused", run=str(batches[0].to.claim.run_id), exc_info=error)
        batches[0].to.claim.end(Ending.REFUSED)
        return []
