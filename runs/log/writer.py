"""The one thread per worker process that writes logs, all runs' appends together.

While a commit is under way, what the runs append meanwhile gathers for the next one. A commit takes no more than can be
written in a moment, those first whose tenants have used least: what is large or much goes in pieces, between what is small.
A batch of a run whose lease was taken over is refused; the other runs' batches pass. So does a
batch that the database refuses, or that cannot even be made: it is that run's fault, and the others go on.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue

import structlog

from orchestrator.engine.log.events import Event
from runs.leases.claim import Ending
from runs.log.backlog import Backlog, Flush, Waiting
from runs.log.batch import Batch, WrittenRun, commit, prepare
from tenants.isolation.database import drop_connection, is_away
from tenants.isolation.scope import system_scope

log = structlog.get_logger(__name__)

RETRY_S = 0.05
STOP_S = 5.0
"""How long a stopping writer tries to reach a database that is away."""

ROUND_S = 0.05
"""How long one commit's events are made ready; the last event of them may take longer."""
ROUND_EVENTS = 256
"""Events of one commit. More are written hardly faster, and whoever else has something to write waits for them."""

Written = list[tuple[Waiting, int]]
"""Runs, and how many of their first events a commit has settled."""


class LogWriter:
    """`append` may be called from any thread and never blocks."""

    def __init__(self, on_commit: Callable[[Sequence[Batch]], None]) -> None:
        self._queue: SimpleQueue[tuple[WrittenRun, Sequence[Event], Flush | None] | None] = SimpleQueue()
        self._backlog = Backlog()
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

    def append(self, to: WrittenRun, events: Sequence[Event], flush: Flush | None = None) -> None:
        self._queue.put((to, events, flush))

    def _loop(self) -> None:
        going = True
        try:
            with system_scope():
                while going or self._backlog:
                    going = self._gather() and going
                    settled, committed = self._write()
                    _resolve([flush for waiting, count in settled for flush in waiting.take(count)])  # first: somebody waits for these
                    self._backlog.drop_empty()
                    if committed:
                        self._show(committed)
        finally:
            drop_connection()

    def _gather(self) -> bool:
        """Everything in the queue; waits for the first entry when nothing else waits. False when the writer is to end."""
        try:
            entry = self._queue.get(block=not self._backlog)
            while entry is not None:
                self._backlog.add(*entry)
                entry = self._queue.get_nowait()
        except Empty:
            return True
        return False

    def _write(self) -> tuple[Written, list[Batch]]:
        """One commit: what it settled, and what it wrote."""
        settled: Written = []
        batches: list[Batch] = []
        until, room = time.monotonic() + ROUND_S, ROUND_EVENTS
        for waiting in self._backlog.in_turn():
            began = time.monotonic()
            if began > until or not room:
                break
            made = self._prepared(waiting, until, room) if waiting.events and waiting.to.claim.ending is None else []
            batches += made
            room -= sum(len(batch.events) for batch in made)
            settled.append((waiting, len(made[0].events) if made else len(waiting.events)))
            self._backlog.charge(waiting, time.monotonic() - began)
        return settled, self._commit(batches) if batches else []

    def _show(self, committed: list[Batch]) -> None:
        try:
            self._on_commit(committed)
        except Exception:  # what is written is written, whoever cannot be shown it
            log.exception("commit_not_shown", runs=len(committed))

    def _prepared(self, waiting: Waiting, until: float, most: int) -> list[Batch]:
        claim = waiting.to.claim
        try:
            return [prepare(waiting.to, waiting.events, until, most)]
        except Exception:  # whatever one run appended, the others' logs go on
            log.exception("log_events_refused", run=str(claim.run_id))
            claim.end(Ending.REFUSED)
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


def _resolve(flushes: Iterable[Flush]) -> None:
    """Wake each loop once, however many of its runs wait."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Flush]] = defaultdict(list)
    for flush in flushes:
        by_loop[flush.get_loop()].append(flush)
    for loop, some in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_done, some)
        except RuntimeError:  # the loop has ended, and with it whoever waited
            log.warning("nobody_waits_for_flush", runs=len(some))


def _set_done(flushes: Iterable[Flush]) -> None:
    for flush in flushes:
        if not flush.done():
            flush.set_result(None)
