"""A claimed run, executed on the worker's loop: row and log in, events out."""

import structlog
from django.db import DatabaseError, InterfaceError

from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.tokens.counter import ENCODINGS
from orchestrator.engine.errors import UnknownEvent
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Path
from orchestrator.engine.log.events import RunClaimed, RunCrashed
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import Host
from runs.control.child_runs import ChildRuns
from runs.control.run_files import RunFiles
from runs.failpoint import MortalModel, MortalTools
from runs.leases.claim import MAX_CRASHES, Claim
from runs.leases.clock import CLOCK
from runs.log.run_log import RunLog
from runs.memory.tenant_memory import TenantMemory
from runs.models import Command
from runs.worker.build import build_id
from runs.worker.inbox import RunInbox
from runs.worker.lease_guard import LeaseGuard
from runs.worker.reading import CannotStart, Loaded, Reader
from tenants.isolation.database import DatabaseThreads

log = structlog.get_logger(__name__)


class Execution:
    """One claim's execution of one run. Lives on the worker's loop."""

    def __init__(self, sink: RunLog) -> None:
        self.sink = sink
        self.guard = LeaseGuard(sink.claim)
        self.reading = True
        """Nothing of the run is executed before its log was read."""
        self._runner: Runner | None = None
        self._told: set[int] = set()
        self._state = RunState(last_seq=sink.claim.run.last_seq)

    @property
    def claim(self) -> Claim:
        return self.sink.claim

    async def execute(self, reader: Reader, threads: DatabaseThreads) -> None:
        """Run until the run ends, waits or pauses, and all of it is durable.

        Raises LeaseLost, HostUnavailable, the database's errors, and UnknownEvent: then the log says nothing of a stop.
        """
        try:
            if self.claim.crashes >= MAX_CRASHES:
                raise CannotStart("repeated_crash", f"{self.claim.crashes} workers were lost in a row at the same place.")
            loaded = await reader.read(self.claim.run)
            self._state = loaded.state
            self.sink.written.open_effects.update(loaded.open_effects)
            self.reading = False
            files = RunFiles(self.claim.tenant_id, self.claim.run_id, threads)
            memory = TenantMemory(self.claim.tenant_id, loaded.resources.embedder, threads)
            children = ChildRuns(self.claim.tenant_id, self.claim.run_id, threads)
            await self._run(loaded, RunInbox(self.claim.run_id, threads, self.apply), files, memory, children)
        except CannotStart as error:
            self._crash(error.detector, error.detail)
        except (DatabaseError, InterfaceError, UnknownEvent):
            raise
        except Exception as error:  # a fault of ours: the run must end and say so
            log.exception("run_crashed", run=str(self.claim.run_id))
            self._crash("engine_fault", type(error).__name__)
        await self.sink.flush()

    async def _run(self, loaded: Loaded, inbox: RunInbox, files: RunFiles, memory: TenantMemory, children: ChildRuns) -> None:
        claim, resources = self.claim, loaded.resources
        host = Host(
            models=MortalModel(resources.models),
            tools=MortalTools(resources.tools),
            sink=self.sink,
            authority=resources.authority,
            clock=CLOCK,
            guard=self.guard,
            inbox=inbox,
            evaluator=evaluator_for(str(claim.tenant_id)),
            memory=memory,
            tokens=ENCODINGS,
            tenant=str(claim.tenant_id),
            files=files,
            runs=children,
        )
        runner = Runner(loaded.graph, loaded.state, host, run_id=str(claim.run_id))
        for command in loaded.commands:
            _tell(runner, command)
            self._seen(command)  # what is refused here is settled: nothing waits for it any more
        self._runner = runner
        try:
            claimed = RunClaimed(worker=claim.owner, epoch=claim.epoch, cause=claim.cause, build=build_id())
            await runner.run(claim.run.input, claimed)
        finally:
            self._runner = None

    def _crash(self, detector: str, detail: str) -> None:
        crashed = RunCrashed(seq=self._state.last_seq + 1, at_us=CLOCK.now_us(), detector=detector, detail=detail)
        self.sink.append([crashed])

    def apply(self, command: Command) -> None:
        """Tell the runner. What comes when it has stopped, or is refused, stays for the next claim."""
        if self._runner is None or self._state.status is not RunStatus.RUNNING or command.pk in self._told:
            return
        if _tell(self._runner, command):
            self._seen(command)

    def _seen(self, command: Command) -> None:
        self._told.add(command.pk)
        self.sink.written.applied.append(command.pk)


def _tell(runner: Runner, command: Command) -> bool:
    """Hand a command to the runner. False for an answer that nothing waits for."""
    body = command.body
    match command.kind:
        case Command.Kind.PAUSE:
            runner.pause(body["by"])
        case Command.Kind.RESUME:
            runner.unpause(body["by"])
        case Command.Kind.CANCEL:
            runner.cancel(body["by"], body["comment"])
        case Command.Kind.TELL:
            runner.tell(Path(body["to"]), body["text"], body["by"], body.get("by_id", ""))
        case _:
            return runner.deliver(Path(body["path"]), body["answer"], body["by"], body.get("by_id", ""))
    return True
