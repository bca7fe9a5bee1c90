"""One worker process: a loop on which all its runs live, fed by wake-ups and by looking for itself."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError

from orchestrator.engine.errors import LeaseLost
from orchestrator.settings.env import WORKER_ID
from runs.failpoint import failpoint
from runs.leases.lease import HEARTBEAT_S, Claim, claim_due, claim_named, release, release_strays, renew
from runs.live.groups import channel_layer, worker_group
from runs.live.publisher import Publisher
from runs.log.batch import Batch
from runs.log.run_log import RunLog
from runs.log.writer import LogWriter
from runs.models import Command
from runs.worker.database_threads import DatabaseThreads
from runs.worker.execution import Execution, ResourceSource

log = structlog.get_logger(__name__)

CAPACITY = 1000
"""Runs that one process holds at the same time."""
SWEEP_S = 1.0
SWEEP_LIMIT = 100
GRACE_S = 5.0
"""How long a stopping worker lets calls that are under way come back."""


class RunWorker:
    """Start it, wake runs, stop it: from any thread. Everything else happens on its own loop."""

    def __init__(self, source: ResourceSource) -> None:
        self.id = WORKER_ID or str(uuid4())
        self._source = source
        self._active: dict[UUID, tuple[Execution, asyncio.Task[None]]] = {}
        self._named: dict[UUID, UUID] = {}
        self._strays: set[UUID] = set()
        """Owned, yet not executed here: what could not be given back when the database was away."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="runs", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Let go of every run, so that other workers go on at once."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def admit(self, tenant_id: UUID, run_id: UUID) -> None:
        """A wake-up that the run is due. Wrong, late and repeated wake-ups do nothing."""
        self._loop.call_soon_threadsafe(self._note, tenant_id, run_id)

    def _note(self, tenant_id: UUID, run_id: UUID) -> None:
        self._named[run_id] = tenant_id
        self._look.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping, self._look, self._commanded = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._steward, self._readers = DatabaseThreads("steward"), DatabaseThreads("readers", 2)
        self._publisher = Publisher()
        self._writer = LogWriter(self._committed)
        self._writer.start()
        duties = [self._loop.create_task(self._keep(duty)) for duty in (self._take_up, self._beat, self._listen)]
        self._ready.set()
        log.info("worker_ready", worker=self.id)
        await self._stopping.wait()
        duties[0].cancel()
        await self._shut()
        for duty in duties:
            duty.cancel()
        await asyncio.gather(*duties, return_exceptions=True)
        self._steward.stop()
        self._readers.stop()

    async def _keep(self, duty: Callable[[], Awaitable[None]]) -> None:
        """Do a duty for ever, whatever happens to the database or the broker meanwhile."""
        while True:
            try:
                await duty()
            except (OperationalError, InterfaceError) as error:
                log.warning("database_away", error=str(error))
                await asyncio.sleep(HEARTBEAT_S / 2)
            except Exception:  # a duty that ended would leave the worker alive and useless
                log.exception("worker_duty_failed")
                await asyncio.sleep(HEARTBEAT_S)

    async def _take_up(self) -> None:
        """Claim what was named at, at once, and every second whatever is due."""
        look_at = time.monotonic() + SWEEP_S
        while True:
            await _wait(self._look, look_at - time.monotonic())
            self._look.clear()
            named, self._named = self._named, {}
            room = CAPACITY - len(self._active)
            if named:
                self._begin(await self._steward.run(claim_named, self.id, room, named))
            if time.monotonic() >= look_at:
                self._begin(await self._steward.run(claim_due, self.id, min(room, SWEEP_LIMIT)))
                look_at = time.monotonic() + SWEEP_S

    def _begin(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            failpoint("claimed")
            execution = Execution(RunLog(claim, self._writer, self._publisher.delta))
            task = self._loop.create_task(self._live(execution))
            self._active[claim.run_id] = (execution, task)

    async def _live(self, execution: Execution) -> None:
        claim = execution.claim
        try:
            await execution.execute(self._readers, self._source)
        except LeaseLost:
            log.warning("lease_lost", run=str(claim.run_id), epoch=claim.epoch)
        except (OperationalError, InterfaceError) as error:
            log.warning("run_not_read", run=str(claim.run_id), error=str(error))
        finally:
            if self._active.get(claim.run_id, (None,))[0] is execution:
                del self._active[claim.run_id]
        if not execution.sink.written.released and not execution.sink.written.lost:
            await self._steward.run(release, self.id, [(claim.run_id, claim.epoch)], at_once=False)

    async def _beat(self) -> None:
        """Renew all leases every second; look for commands as often, and whenever one is announced."""
        beat_at = time.monotonic()
        while True:
            await _wait(self._commanded, beat_at - time.monotonic())
            self._commanded.clear()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + HEARTBEAT_S
                await self._renew()
            if self._active:
                for command in await self._steward.run(waiting_commands, self.id):
                    if command.run_id in self._active:
                        self._active[command.run_id][0].apply(command)

    async def _renew(self) -> None:
        known = dict(self._active)
        owned, valid_until = await self._steward.run(renew, self.id)
        strays = owned - set(self._active)
        if strays & self._strays:
            await self._steward.run(release_strays, self.id, strays & self._strays)
        self._strays = strays
        for run_id, (execution, task) in known.items():
            if run_id in owned:
                execution.sink.valid_until = valid_until
            elif not execution.sink.written.released:
                execution.sink.written.lost = True
                task.cancel()

    async def _listen(self) -> None:
        """Hear of commands as they are sent; the heartbeat finds those that were not heard."""
        layer = channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(worker_group(self.id), channel)
        while True:
            await layer.receive(channel)
            self._commanded.set()

    def _committed(self, batches: Sequence[Batch]) -> None:
        self._loop.call_soon_threadsafe(self._show, batches)

    def _show(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            claim, changes = batch.to.claim, batch.changes
            self._publisher.events(claim.run_id, batch.events[0].seq, batch.texts, last=changes.row.released)
            if changes.shown_in_lists:
                self._publisher.changed(claim.tenant_id, claim.run_id)

    async def _shut(self) -> None:
        """Let what is under way come back, write it, then give every run to the others."""
        active = list(self._active.values())
        closing = [self._loop.create_task(execution.guard.close()) for execution, _ in active]
        if closing:
            await asyncio.wait(closing, timeout=GRACE_S)
        for task in (*closing, *(task for _, task in active)):
            task.cancel()
        await asyncio.gather(*closing, *(task for _, task in active), return_exceptions=True)
        await self._loop.run_in_executor(None, self._writer.stop)
        kept = [(execution.claim.run_id, execution.claim.epoch) for execution, _ in active if not execution.sink.written.released]
        await self._steward.run(release, self.id, kept, at_once=True)
        await self._publisher.drain()
        log.info("worker_stopped", worker=self.id, released=len(kept))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, at most so long."""
    if seconds > 0:
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return


def waiting_commands(worker: str) -> list[Command]:
    """Commands for the worker's runs that were not applied yet, oldest first."""
    return list(Command.objects.filter(run__lease_owner=worker, applied_at__isnull=True).order_by("pk"))
