"""Runs a graph: starts what is due, records what happens, and stops when nothing is left to do.

To recover, to wake up, to replay: run again over the log.
"""

import asyncio
from typing import Literal

from orchestrator.engine.document.agent import Agent
from orchestrator.engine.document.expressions import Variables
from orchestrator.engine.document.graph import Graph, Limits, Retry
from orchestrator.engine.document.run_input import check_input
from orchestrator.engine.document.validation import require_valid
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import EngineError, ErrorCode, RunLimitReached
from orchestrator.engine.execution.branches import Branch, Branches, Slots
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import Effect, Waiting
from orchestrator.engine.execution.performer import Performer
from orchestrator.engine.execution.plan import NodePlan, Plan, compile_plan
from orchestrator.engine.execution.scope_run import ScopeRun
from orchestrator.engine.execution.step import StepDoors
from orchestrator.engine.execution.visibility import variables_as_of
from orchestrator.engine.ids import ROOT, AgentId, Json, NodeId, Path, Scope
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import Activation, RunState, apply_event
from orchestrator.engine.log.status import NodeStatus, RunStatus
from orchestrator.engine.ports import Host

SHORT_WAIT_US = 2_000_000
"""A timer that is due so soon is waited for in place."""

Ending = Literal["suspend", "cancel", "limit"]


class Runner:
    """One run of one graph. `state` is the fold of the log so far; the runner keeps it current."""

    def __init__(self, graph: Graph, state: RunState, host: Host, *, run_id: str) -> None:
        self.graph = graph
        self.state = state
        self._host = host
        self._branches = Branches(self._idle)
        self._performer = Performer(run_id, state, host, self.record)
        self._step_doors = self._doors_of_steps()
        self._bodies: dict[NodeId, Plan] = {}
        self._root: asyncio.Task[Json] | None = None
        self._ending: Ending | None = None
        self._cancelled_by: tuple[str, str] | None = None
        self._paused_by = ""
        self._wake_at_us: int | None = None

    async def run(self, run_input: Json, claim: ev.RunClaimed) -> RunStatus:
        """Execute until the run ends, waits or is paused. Raises LeaseLost when the log refuses."""
        if self.state.status.terminal:
            return self.state.status
        if self.state.last_seq == 0:
            self.record(ev.RunStarted(input=run_input))
        self.record(claim)
        if self._cancelled_by is not None:
            self._record_cancelled()
        while self.state.status is RunStatus.RUNNING:
            await self._go_on()
        await self._host.sink.flush()
        return self.state.status

    def deliver(self, path: Path, answer: Json, by: str, by_id: str = "") -> bool:
        """Answer a waiting effect. False when it waits no more."""
        return not self.state.status.terminal and self._performer.deliver(path, answer, by, by_id)

    def cancel(self, by: str, reason: str) -> None:
        """End the run as cancelled, whatever it is doing."""
        self._cancelled_by = (by, reason)
        self._stop("cancel")

    def pause(self, by: str) -> None:
        """Begin nothing new; the run is paused as soon as what is under way has ended."""
        self._paused_by = by
        self._performer.holding = True
        if self._root is not None and self._branches.live == 0:
            self._idle()

    def unpause(self, by: str) -> None:
        """Go on."""
        self._performer.release()
        if self.state.status is RunStatus.PAUSED:
            self.record(ev.RunUnpaused(by=by))

    def record(self, event: ev.Event) -> None:
        """Number the event, fold it, and hand it to the log."""
        event.seq = self.state.last_seq + 1
        event.at_us = self._host.clock.now_us()
        apply_event(self.state, event)
        self._host.sink.append((event,))

    async def _go_on(self) -> None:
        """One stretch of work, from the log to the next stop."""
        self._ending = None
        self._root = asyncio.ensure_future(self._execute())
        timer = self._limit_time()
        try:
            output = await self._root
        except asyncio.CancelledError:
            if self._ending is None:
                self._root.cancel()
                raise
            self._record_stop()
        except RunLimitReached as error:
            self.record(ev.RunLimitExceeded(error=error.info))
        except EngineError as error:
            self.record(ev.RunFailed(error=error.info))
        else:
            self.record(ev.RunSucceeded(output=output))
        finally:
            self._root = None
            if timer is not None:
                timer.cancel()

    def _record_stop(self) -> None:
        if self._cancelled_by is not None:
            self._record_cancelled()
        elif self._ending == "limit":
            limit = f"The run took longer than {self.graph.limits.max_seconds} s"
            self.record(ev.RunLimitExceeded(error=RunLimitReached(limit, cure="Raise max_seconds in the graph's limits.").info))
        elif self._performer.holding:
            self.record(ev.RunPaused(by=self._paused_by))
        elif self._ending == "suspend" and not self._performer.answered_since_idle:
            self.record(ev.RunSuspended(waiting_on=tuple(self.state.waiting()), wake_at_us=self._wake_at_us))

    def _record_cancelled(self) -> None:
        by, reason = self._cancelled_by or ("", "")
        self.record(ev.RunCancelled(by=by, reason=reason))

    def _limit_time(self) -> asyncio.TimerHandle | None:
        if self.graph.limits.max_seconds is None:
            return None
        spent = (self._host.clock.now_us() - self.state.started_at_us) / 1e6
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, self.graph.limits.max_seconds - spent), self._stop, "limit")

    def _stop(self, ending: Ending) -> None:
        if self._root is not None and not self._root.done():
            self._ending = ending
            self._root.cancel()

    def _idle(self) -> None:
        """No branch is live: look again once the present callback has ended."""
        if self._root is not None:
            asyncio.get_running_loop().call_soon(self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        if self._branches.live or self._root is None or self._root.done():
            return
        due = self._wake_at_us = self._performer.next_due_us()
        if self._performer.holding or due is None or due - self._host.clock.now_us() > SHORT_WAIT_US:
            self._performer.answered_since_idle = False
            self._stop("suspend")

    async def _execute(self) -> Json:
        require_valid(self.graph)
        check_input(self.graph.inputs, self.state.input)
        plan = compile_plan(self.graph)
        self._bodies = _all_bodies(plan)
        branch = self._branches.begin()
        try:
            await self._run_scope(plan, ROOT, branch, None)
        finally:
            branch.rest()
        return self._output(plan)

    def _output(self, plan: Plan) -> Json:
        """What the delivering nodes yielded: one value, or several by node id."""
        delivering = [name for name, entry in plan.nodes.items() if entry.kind.delivers]
        activations = self.state.scopes[ROOT].activations
        found: dict[str, Json] = {}
        for name in delivering:
            ended = [act for act in activations.get(name, {}).values() if act.status is NodeStatus.SUCCEEDED]
            if ended:
                found[name] = next(iter(max(ended, key=lambda act: act.finished_seq).outputs.values()), None)
        if delivering and not found:
            raise EngineError(
                "The run ended without reaching an output",
                code=ErrorCode.NO_ROUTE,
                cure="Some condition was never met: add an `otherwise` edge where the route stopped.",
            )
        return next(iter(found.values())) if len(found) == 1 else found or None

    async def _run_scope(self, plan: Plan, scope: Scope, branch: Branch, slots: Slots | None) -> Json:
        return await ScopeRun(plan, scope, self.state.scopes[scope], self._step_doors, branch, slots).run()

    def _doors_of_steps(self) -> StepDoors:
        return StepDoors(
            graph=self.graph,
            record=self.record,
            activation=lambda scope, fire: self.state.scopes[scope].activations.get(fire.node, {}).get(fire.activation),
            context=self._context,
            variables=self._variables,
            hold=self._performer.hold,
            sleep_until=self._performer.sleep_until,
            retry_at_us=self._retry_at_us,
            before_start=self._count_step,
        )

    def _count_step(self) -> None:
        if self.state.steps >= self.graph.limits.max_steps:
            raise RunLimitReached(
                f"The run has made {self.state.steps} steps", cure="Raise max_steps in the graph's limits, or find the loop."
            )

    def _retry_at_us(self, retry: Retry, attempt: int, retry_after_s: float | None) -> int:
        wait = min(retry.max_s, retry.initial_s * retry.factor ** (attempt - 1))
        wait *= 0.5 + self._host.clock.random() / 2
        return self._host.clock.now_us() + int(max(wait, retry_after_s or 0.0) * 1e6)

    def _context(
        self, entry: NodePlan, scope: Scope, path: Path, activation: Activation, branch: Branch, slots: Slots | None
    ) -> NodeContext:
        return NodeContext(self, entry.node, scope, path, activation.inputs, activation.started_seq, branch, slots)

    # What nodes are lent (context.RunDoors).

    async def perform(self, effect: Effect, path: Path, branch: Branch) -> Json:
        return await self._performer.perform(effect, path, branch)

    async def wait(self, waiting: Waiting, path: Path, branch: Branch, slots: Slots | None) -> Json:
        return await self._performer.wait(waiting, path, branch, slots)

    async def run_body(self, ctx: NodeContext, scope: Scope, index: int, seed: Json, label: str) -> Json:
        known = self.state.scopes.get(scope)
        if known is None:
            self.record(ev.ScopeStarted(scope=scope, parent=ctx.scope, node=ctx.node.id, index=index, label=label, seed=seed))
        elif known.error is not None:
            raise EngineError.of(known.error)
        elif known.finished:
            return known.output
        try:
            output = await self._run_scope(self._bodies[ctx.node.id], scope, ctx.branch, ctx.slots)
        except RunLimitReached:
            raise
        except EngineError as error:
            self.record(ev.ScopeFinished(scope=scope, error=error.info))
            raise
        self.record(ev.ScopeFinished(scope=scope, output=output))
        return output

    def variables(self, ctx: NodeContext) -> Variables:
        return self._variables(ctx, {})

    def _variables(self, ctx: NodeContext, more: dict[str, Json]) -> Variables:
        return variables_as_of(self.graph, self.state, ctx.scope, ctx.started_seq, ctx.inputs, more)

    def usage_of(self, path: Path) -> Usage:
        return self.state.effects[path].usage or Usage()

    def decide(self, decision: ev.Decision) -> None:
        if decision.path not in self.state.decisions:
            self.record(decision)

    def agent(self, agent_id: str) -> Agent:
        agent = self.graph.agents.get(AgentId(agent_id))
        if not isinstance(agent, Agent):
            raise EngineError(
                f"Agent {agent_id!r} is not part of this version",
                code=ErrorCode.INVALID_GRAPH,
                cure="Choose an agent that exists, and publish again.",
            )
        return agent

    def tool(self, name: str) -> ToolSpec | None:
        return self._host.tools.spec(name)

    @property
    def limits(self) -> Limits:
        return self.graph.limits

    @property
    def run_input(self) -> Json:
        return self.state.input


def _all_bodies(plan: Plan) -> dict[NodeId, Plan]:
    found: dict[NodeId, Plan] = {}
    open_plans = [plan]
    while open_plans:
        bodies = open_plans.pop().bodies
        found |= bodies
        open_plans.extend(bodies.values())
    return found
