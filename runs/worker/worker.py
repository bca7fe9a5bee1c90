"""One worker process: a loop on which all its runs live, fed by wake-ups and by looking for itself."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, InterfaceError

from orchestrator.engine.errors import HostUnavailable, LeaseLost, UnknownEvent
from orchestrator.settings.env import WORKER_ID
from runs.failpoint import failpoint
from runs.health.pulse import EVERY_S, beat, stopped
from runs.health.watch import Watch
from runs.leases.claim import Claim, Ending
from runs.leases.clock import CLOCK
from runs.leases.lease import HEARTBEAT_S, SOON, Renewal, give_back, give_back_all, renew
from runs.live.groups import channel_layer, worker_group
from runs.live.publisher import Publisher
from runs.log.batch import Batch
from runs.log.run_log import RunLog
from runs.log.writer import LogWriter
from runs.models import Command, Pulse
from runs.worker.build import build_id
from runs.worker.execution import Execution
from runs.worker.intake import Intake, wait_for
from runs.worker.reading import Reader, ResourceSource
from tenants.isolation.database import DatabaseAway, DatabaseThreads
from tenants.policy.authority import gate_answers

log = structlog.get_logger(__name__)

GRACE_S = 5.0
"""How long a stopping worker lets calls that are under way come back."""
GATE_S = 5.0
UNKNOWN_LATER = timedelta(seconds=5)
"""When a run is due again that only a later build can go on with."""


class RunWorker:
    """Start it, wake runs, stop it: from any thread. Everything else happens on its own loop."""

    def __init__(self, source: ResourceSource, on_failure: Callable[[], None] = lambda: None) -> None:
        """`on_failure` is called on a thread of its own when the worker cannot do its work; its runs are being given back by then."""
        self.id = WORKER_ID or str(uuid4())
        self._source = source
        self._active: dict[UUID, tuple[Execution, asyncio.Task[None]]] = {}
        self._strays: set[UUID] = set()
        """Owned, yet not executed here: what could not be given back when the database was away."""
        self._missed: set[Claim] = set()
        """Executed here, yet not owned at the last heartbeat. Whoever has just recorded a stop is among them for a moment."""
        self._on_failure = on_failure
        self._turns = 0
        self._listening = False
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
        self._loop.call_soon_threadsafe(self._intake.name, tenant_id, run_id)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping, self._commanded = asyncio.Event(), asyncio.Event()
        self._steward, self._readers = DatabaseThreads("steward"), DatabaseThreads("readers", 2, patience_s=10.0)
        self._reader = Reader(self._readers, self._source)
        self._intake = Intake(self.id, self._steward, self._held, self._reading)
        self._publisher = Publisher()
        self._writer = LogWriter(self._committed)
        self._writer.start()
        watch = Watch(lambda: self._turns, lambda: self._writer.alive, self._fail)
        watch.start()
        duties = [self._loop.create_task(self._keep(duty)) for duty in (self._take_up, self._turn, self._beat, self._pulse, self._listen)]
        self._ready.set()
        log.info("worker_ready", worker=self.id)
        await self._stopping.wait()
        watch.stop()
        duties[0].cancel()
        await self._shut()
        for duty in duties:
            duty.cancel()
        await asyncio.gather(*duties, return_exceptions=True)
        self._steward.stop()
        self._readers.stop()

    def _fail(self) -> None:
        """The worker cannot do its work: it gives its runs back and ends."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._on_failure()

    async def _keep(self, duty: Callable[[], Awaitable[None]]) -> None:
        """Do a duty for ever, whatever happens to the database or the broker meanwhile."""
        while True:
            try:
                await duty()
            except DatabaseAway as error:
                log.warning("database_away", error=str(error))
                await asyncio.sleep(HEARTBEAT_S / 2)
            except Exception:  # a duty that ended would leave the worker alive and useless
                log.exception("worker_duty_failed")
                await asyncio.sleep(HEARTBEAT_S)

    def _held(self) -> list[Claim]:
        return [execution.claim for execution, _ in self._active.values()]

    def _reading(self) -> int:
        return sum(execution.reading for execution, _ in self._active.values())

    async def _take_up(self) -> None:
        CLOCK.look(await self._steward.run(renew, self.id))
        while True:
            for claim in await self._intake.claims():
                failpoint("claimed")
                execution = Execution(RunLog(claim, self._writer, self._publisher.delta))
                self._active[claim.run_id] = (execution, self._loop.create_task(self._live(execution)))

    async def _live(self, execution: Execution) -> None:
        """Execute a claimed run. Unless its log says why it stopped, it is given back as due."""
        claim, after, crashed = execution.claim, SOON, False
        try:
            await execution.execute(self._reader, self._readers)
        except LeaseLost:
            log.warning("lease_lost", run=str(claim.run_id), epoch=claim.epoch)
        except (DatabaseAway, HostUnavailable) as error:
            log.warning("run_given_back", run=str(claim.run_id), error=str(error))
        except UnknownEvent as error:
            log.warning("run_of_a_later_build", run=str(claim.run_id), error=str(error))
            self._intake.beyond.add(claim.run_id)
            after = UNKNOWN_LATER
        except (DatabaseError, InterfaceError):
            log.exception("run_not_read", run=str(claim.run_id))
            crashed = True
        finally:
            if self._active.get(claim.run_id, (None,))[0] is execution:
                del self._active[claim.run_id]
        if claim.unsettled:
            crashed |= claim.ending is Ending.REFUSED
            await self._give_back([(claim.run_id, claim.epoch)], after, crashed=crashed)

    async def _give_back(self, epochs: Sequence[tuple[UUID, int]], after: timedelta = SOON, *, crashed: bool = False) -> None:
        """What cannot be given back now is a stray, and given back by a later heartbeat."""
        try:
            await self._steward.run(give_back, self.id, epochs, after=after, crashed=crashed)
        except DatabaseAway as error:
            log.warning("not_given_back", runs=len(epochs), error=str(error))

    async def _beat(self) -> None:
        """Renew all leases every second; look for commands as often, and whenever one is announced."""
        beat_at = time.monotonic()
        while True:
            await wait_for(self._commanded, beat_at - time.monotonic())
            self._commanded.clear()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + HEARTBEAT_S
                await self._renew()
            if self._active:
                for command in await self._steward.run(waiting_commands, self.id):
                    if command.run_id in self._active:
                        self._active[command.run_id][0].apply(command)

    async def _renew(self) -> None:
        known = list(self._active.values())
        renewal = await self._steward.run(renew, self.id)
        CLOCK.look(renewal)
        missed: set[Claim] = set()
        for execution, task in known:
            claim = execution.claim
            if renewal.epochs.get(claim.run_id) == claim.epoch:
                claim.valid_until = renewal.valid_until
            elif claim in self._missed and claim.ending is None:
                claim.end(Ending.TAKEN)
                task.cancel()
            else:
                missed.add(claim)
        self._missed = missed
        await self._give_back_strays(renewal)

    async def _give_back_strays(self, renewal: Renewal) -> None:
        """Seen at two heartbeats: at one, a run that was just claimed looks the same."""
        strays = set(renewal.epochs) - set(self._active)
        settled = strays & self._strays
        self._strays = strays - settled
        if settled:
            await self._give_back([(run_id, renewal.epochs[run_id]) for run_id in settled])

    async def _turn(self) -> None:
        """Show that the loop moves."""
        while True:
            self._turns += 1
            await asyncio.sleep(HEARTBEAT_S)

    async def _pulse(self) -> None:
        """Say that loop, steward and database work, and what is known of the other parts."""
        while True:
            works = {"writer": self._writer.alive, "gate": await _in_time(gate_answers())}
            report = {**works, "broker": "heard" if self._listening else "away", "runs": len(self._active)}
            await self._steward.run(beat, self.id, Pulse.Kind.WORKER, build_id(), report)
            await asyncio.sleep(EVERY_S)

    async def _listen(self) -> None:
        """Hear of commands as they are sent; the heartbeat finds those that were not heard."""
        layer = channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(worker_group(self.id), channel)
        self._listening = True
        try:
            while True:
                await layer.receive(channel)
                self._commanded.set()
        finally:
            self._listening = False

    def _committed(self, batches: Sequence[Batch]) -> None:
        self._loop.call_soon_threadsafe(self._show, batches)

    def _show(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            claim, changes = batch.to.claim, batch.changes
            self._publisher.events(claim.run_id, batch.events[0].seq, batch.texts, last=changes.row.released)
            if changes.row.ended and claim.run.parent_id is not None:
                self._intake.name(claim.tenant_id, claim.run.parent_id)  # it may wait for this end: here, or on another worker
                self._commanded.set()
            if changes.shown_in_lists:
                self._publisher.changed(claim.tenant_id, claim.run_id)
            if claim.suspect and changes.row.progressed:
                claim.suspect = False
                self._intake.look()

    async def _farewell(self) -> int:
        """Give every run back, also one that was being claimed: how many."""
        try:
            released = await self._steward.run(give_back_all, self.id)
            await self._steward.run(stopped, self.id)
        except DatabaseAway as error:
            log.warning("farewell_not_said", error=str(error))
            return 0
        return released

    async def _shut(self) -> None:
        """Let what is under way come back, write it, then give every run to the others."""
        active = list(self._active.values())
        closing = [self._loop.create_task(execution.guard.close()) for execution, _ in active]
        if closing:
            await asyncio.wait(closing, timeout=GRACE_S)
        for task in (*closing, *(task for _, task in active)):
            task.cancel()
        await asyncio.gather(*closing, *(task for _, task in active), return_exceptions=True)
        for execution, _ in active:
            execution.sink.hand_over()
        await self._loop.run_in_executor(None, self._writer.stop)
        released = await self._farewell()
        await self._publisher.drain()
        log.info("worker_stopped", worker=self.id, released=released)


async def _in_time(answer: Awaitable[bool]) -> bool:
    """What a part says of itself; one that says nothing for long does not work."""
    try:
        async with asyncio.timeout(GATE_S):
            return await answer
    except TimeoutError:
        return False


def waiting_commands(worker: str) -> list[Command]:
    """Commands for the worker's runs that were not applied yet, oldest first."""
    return list(Command.objects.filter(run__lease_owner=worker, applied_at__isnull=True).order_by("pk"))
