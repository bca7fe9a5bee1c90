"""Runs a graph: starts what is due, records what happens, and stops when nothing is left to do.

To recover, to wake up, to replay: run again over the log.
"""

import asyncio
from typing import Literal

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import EngineError, HostUnavailable, RunLimitReached
from orchestrator.engine.execution.branches import Branch
from orchestrator.engine.execution.run_context import RunContext
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.json_text import clean_json
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import Host

SHORT_WAIT_S = 2.0
"""A timer that is due so soon is waited for in place."""

Ending = Literal["suspend", "cancel", "limit"]


class Runner:
    """One run of one graph. `state` is the fold of the log so far; the runner keeps it current."""

    def __init__(self, graph: Graph, state: RunState, host: Host, *, run_id: str) -> None:
        self.graph = graph
        self.state = state
        self._host = host
        self._run = RunContext(graph, state, host, run_id)
        self._record = self._run.journal.record
        self._waits = self._run.waits
        self._trunk = Branch(on_rest=self._idle)
        self._root: asyncio.Task[Json] | None = None
        self._ending: Ending | None = None
        self._cancelled_by: tuple[str, str] | None = None
        self._paused_by = ""
        self._wake_at_us: int | None = None

    @property
    def at_work(self) -> int:
        """How much of the run is at work now; 0 when all of it rests or it is over."""
        return self._trunk.at_work

    async def run(self, run_input: Json, claim: ev.RunClaimed) -> RunStatus:
        """Execute until the run ends, waits or is paused.

        Raises LeaseLost when the log refuses, and HostUnavailable when the run cannot go on here and now.
        """
        if self.state.status.terminal:
            return self.state.status
        if self.state.last_seq == 0:
            self._record(ev.RunStarted(input=clean_json(run_input)))
        self._record(claim)
        if self._cancelled_by is not None:
            self._record_cancelled()
        while self.state.status is RunStatus.RUNNING:
            await self._go_on()
        await self._host.sink.flush()
        return self.state.status

    def deliver(self, path: Path, answer: Json, by: str, by_id: str = "") -> bool:
        """Answer a waiting effect. False when it waits no more."""
        return not self.state.status.terminal and self._run.performer.deliver(path, answer, by, by_id)

    def tell(self, to: Path, text: str, by: str, by_id: str = "") -> None:
        """Say something to the agent at work in the step whose first attempt has this path; it reads it at its next turn."""
        if not self.state.status.terminal:
            self._record(ev.AgentTold(to=to, text=text, by=by, by_id=by_id))

    def cancel(self, by: str, reason: str) -> None:
        """End the run as cancelled, whatever it is doing."""
        self._cancelled_by = (by, reason)
        self._stop("cancel")

    def pause(self, by: str) -> None:
        """Begin nothing new; the run is paused as soon as what is under way has ended."""
        self._paused_by = by
        self._waits.holding = True
        if self._root is not None and not self.at_work:
            self._idle()

    def unpause(self, by: str) -> None:
        """Go on."""
        self._waits.release()
        if self.state.status is RunStatus.PAUSED:
            self._record(ev.RunUnpaused(by=by))

    async def _go_on(self) -> None:
        """One stretch of work, from the log to the next stop."""
        self._ending = None
        self._trunk = Branch(on_rest=self._idle)
        self._root = asyncio.ensure_future(self._execute(self._trunk))
        timer = self._limit_time()
        try:
            output = await self._root
        except asyncio.CancelledError:
            if self._ending is None:
                self._root.cancel()
                raise
            await self._record_stop()
        except RunLimitReached as error:
            self._record(ev.RunLimitExceeded(error=error.info))
        except EngineError as error:
            self._record(ev.RunFailed(error=error.info))
        else:
            self._record(ev.RunSucceeded(output=output))
        finally:
            self._root = None
            if timer is not None:
                timer.cancel()

    async def _execute(self, trunk: Branch) -> Json:
        trunk.begin(lambda: None)
        try:
            return await self._run.run_graph(trunk)
        finally:
            trunk.end()

    async def _record_stop(self) -> None:
        if self._cancelled_by is not None:
            self._record_cancelled()
        elif self._ending == "limit":
            limit = f"The run worked for longer than {self.graph.limits.max_seconds} s"
            self._record(ev.RunLimitExceeded(error=RunLimitReached(limit, cure="Raise max_seconds in the graph's limits.").info))
        elif self._waits.stalled is not None:
            await self._host.sink.flush()
            raise HostUnavailable(*self._waits.stalled.args) from self._waits.stalled
        elif self._waits.holding:
            self._record(ev.RunPaused(by=self._paused_by))
        elif self._ending == "suspend" and not self._waits.woken:
            self._record(ev.RunSuspended(waiting_on=tuple(self.state.waiting()), wake_at_us=self._wake_at_us))

    def _record_cancelled(self) -> None:
        by, reason = self._cancelled_by or ("", "")
        self._record(ev.RunCancelled(by=by, reason=reason))

    def _limit_time(self) -> asyncio.TimerHandle | None:
        """Ends the run when workers have had it for too long; the time in which it waits without one does not count."""
        if self.graph.limits.max_seconds is None:
            return None
        left = self.graph.limits.max_seconds - self.state.worked_us / 1e6
        return asyncio.get_running_loop().call_later(max(0.0, left), self._stop, "limit")

    def _stop(self, ending: Ending) -> None:
        if self._root is not None and not self._root.done():
            self._ending = ending
            self._root.cancel()

    def _idle(self) -> None:
        """Nothing is at work: look again once the present callback has ended."""
        if self._root is not None:
            asyncio.get_running_loop().call_soon(self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        if self.at_work or self._root is None or self._root.done():
            return
        if self._waits.closed or self._waits.next_in_s() > SHORT_WAIT_S:
            self._wake_at_us = self._waits.next_due_us()
            self._waits.woken = False
            self._stop("suspend")
