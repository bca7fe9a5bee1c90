"""One activation of a node, from its inputs to the edges it takes: attempts, time limit, errors."""

import asyncio
from typing import TYPE_CHECKING

from orchestrator.engine.document.graph import OnError
from orchestrator.engine.document.node_kind import ERROR, OUT, Outputs
from orchestrator.engine.errors import EndsRun, EngineError, ErrorCode, ErrorInfo
from orchestrator.engine.execution.branches import Branch, time_limit
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.evaluation.evaluating import require_depth
from orchestrator.engine.execution.firing.plan import NodePlan
from orchestrator.engine.execution.firing.routing import conditional_edges, open_edges
from orchestrator.engine.execution.firing.schedule import Fire, Schedule
from orchestrator.engine.ids import EdgeId, Json, Path, PortName, Scope, step_path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.channels import check_writes
from orchestrator.engine.log.scope_state import Activation
from orchestrator.engine.log.status import NodeStatus
from orchestrator.engine.unforeseen import in_words

if TYPE_CHECKING:
    from orchestrator.engine.execution.run_context import RunContext

FINAL = frozenset(
    {
        ErrorCode.REFUSED,
        ErrorCode.REJECTED,
        ErrorCode.INVALID_GRAPH,
        ErrorCode.INVALID_PARAMS,
        ErrorCode.REPLAY_DIVERGED,
        ErrorCode.OUTCOME_UNKNOWN,
        ErrorCode.MODEL_REFUSED,
    }
)
"""Errors that another attempt would only meet again, or must not be made after."""


class _OverTime(Exception):
    """The attempt was at work for longer than its node allows."""


class Step:
    """Runs one activation in one scope, on one branch."""

    def __init__(
        self, run: "RunContext", entry: NodePlan, scope: Scope, scope_origin: str, fire: Fire, schedule: Schedule, branch: Branch
    ) -> None:
        self._run = run
        self._entry = entry
        self._node = entry.node
        self._scope = scope
        self._fire = fire
        self._schedule = schedule
        self._branch = branch
        self._origin = f"{scope_origin}/{fire.node}#{fire.activation}"

    async def run(self) -> tuple[EdgeId, ...]:
        """The edges it took. Raises EngineError when it failed and nothing handles that."""
        await self._run.waits.hold(self._branch)
        while True:
            activation = await self._begin_attempt()
            ctx = self._context(activation)
            try:
                outputs = await self._outputs(ctx)
            except EndsRun:
                raise
            except Exception as error:  # noqa: BLE001 - a fault in a kind fails its node, never the worker
                if isinstance(error, _OverTime) and self._run.state.cut_off(ctx.path):
                    await self._run.performer.ask_about(ctx.path, self._branch)
                    continue  # over the log of this same attempt, where the answers are by now
                info = self._placed(_info_of(error, self._node.timeout_s), ctx)
            else:
                return await self._conclude(ctx, outputs)
            info = await self._settled(ctx, activation, info)
            if not self._retries(activation, info):
                return await self._fail(ctx, info)
            self._record_retry(activation, info)

    def _path(self, attempt: int) -> Path:
        return step_path(self._scope, self._fire.node, self._fire.activation, attempt)

    def _known(self) -> Activation | None:
        return self._run.state.scopes[self._scope].activations.get(self._fire.node, {}).get(self._fire.activation)

    def _context(self, activation: Activation) -> NodeContext:
        path = self._path(activation.attempt)
        seen = activation.started_seq
        inputs, step = activation.inputs, self._path(1)
        return NodeContext(self._run, self._node, self._scope, path, path, self._origin, step, inputs, seen, self._branch)

    async def _begin_attempt(self) -> Activation:
        known = self._known()
        if known is not None and known.status is NodeStatus.RUNNING:
            return known
        if known is None:
            self._run.require_step()
            self._record_start(1)
        else:
            await self._run.performer.sleep_until(known.retry_at_us, Path(f"{self._path(known.attempt)}/retry"), self._branch)
            self._record_start(known.attempt + 1)
        activation = self._known()
        assert activation is not None
        return activation

    def _record_start(self, attempt: int) -> None:
        fire = self._fire
        # What comes in was read or recorded before: to check it again takes long where it is large, and holds up every run.
        event = ev.NodeStarted.model_construct(
            path=self._path(attempt),
            scope=self._scope,
            node=fire.node,
            activation=fire.activation,
            attempt=attempt,
            inputs=fire.inputs if attempt == 1 else {},
        )
        self._run.journal.record(event)

    async def _outputs(self, ctx: NodeContext) -> Outputs:
        if self._node.timeout_s is None:
            return await self._work(ctx)
        fault: Exception | None = None
        try:
            async with time_limit(self._branch, self._node.timeout_s):
                try:
                    return await self._work(ctx)
                except Exception as error:  # noqa: BLE001 - so that a TimeoutError of the kind's own is not taken for ours
                    fault = error
        except TimeoutError:
            raise _OverTime from None
        assert fault is not None
        raise fault

    async def _work(self, ctx: NodeContext) -> Outputs:
        try:
            return await self._entry.kind.run(ctx, self._entry.params)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise RuntimeError("The kind cancelled itself") from None  # nobody asked for it: a fault of the kind

    async def _conclude(self, ctx: NodeContext, outputs: Outputs) -> tuple[EdgeId, ...]:
        """Record what the work gave, where it leads, and what it writes. A fault here repeats none of the work."""
        try:
            for value in outputs.values():
                require_depth(value, f"Node {self._node.id!r} gave a value")
            writes = await self._writes(ctx, outputs)
            check_writes(self._run.state.channels, writes)
            closed = await self._closed_edges(ctx, outputs, writes)
            edges = self._open_edges(outputs, closed)
        except EndsRun:
            raise
        except EngineError as error:
            return await self._fail(ctx, self._placed(error.info, ctx))
        self._run.journal.record(
            ev.NodeFinished(
                path=ctx.path,
                scope=self._scope,
                node=self._node.id,
                activation=self._fire.activation,
                outputs=outputs,
                edges=edges,
                writes=writes,
            )
        )
        return edges

    async def _writes(self, ctx: NodeContext, outputs: Outputs) -> tuple[ev.ChannelWrite, ...]:
        if not self._node.writes:
            return ()
        variables = self._run.variables(self._scope, ctx.started_seq, ctx.inputs, {"output": _main(outputs)})
        value = self._run.evaluating.value
        return tuple([self._write(name, await value(expression, variables)) for name, expression in self._node.writes.items()])

    def _write(self, name: str, value: Json) -> ev.ChannelWrite:
        channel = self._run.graph.channels[name]
        return ev.ChannelWrite(channel=name, reducer=channel.reducer, initial=channel.initial, value=value)

    async def _closed_edges(self, ctx: NodeContext, outputs: Outputs, writes: tuple[ev.ChannelWrite, ...] = ()) -> frozenset[EdgeId]:
        """The edges whose condition does not hold. Raises ExpressionFailed for one that cannot be evaluated."""
        closed: set[EdgeId] = set()
        for edge, condition in conditional_edges(self._entry, outputs):
            variables = self._run.variables(self._scope, ctx.started_seq, ctx.inputs, {"output": outputs[edge.source_port]}, writes)
            if not await self._run.evaluating.holds(condition, variables):
                closed.add(edge.id)
        return frozenset(closed)

    def _open_edges(self, outputs: Outputs, closed: frozenset[EdgeId]) -> tuple[EdgeId, ...]:
        def times_taken(edge: EdgeId) -> int:
            return self._schedule.times_taken(edge, self._fire.activation)

        return open_edges(self._entry, outputs, closed, times_taken)

    async def _settled(self, ctx: NodeContext, activation: Activation, info: ErrorInfo) -> ErrorInfo:
        """The error to go on with, once people have said what became of the unsafe calls that it cut off."""
        goes_on = self._retries(activation, info) or self._node.on_error is not OnError.FAIL
        if goes_on and self._run.state.cut_off(ctx.path):
            try:
                await ctx.settle()
            except EngineError as error:
                return error.info
        return info

    def _retries(self, activation: Activation, error: ErrorInfo) -> bool:
        return activation.attempt < self._node.retry.attempts and error.code not in FINAL

    def _record_retry(self, activation: Activation, error: ErrorInfo) -> None:
        self._run.journal.record(
            ev.NodeRetrying(
                path=self._path(activation.attempt),
                scope=self._scope,
                node=self._fire.node,
                activation=self._fire.activation,
                attempt=activation.attempt,
                error=error,
                retry_at_us=self._run.retry_at_us(self._node.retry, activation.attempt, error.retry_after_s),
            )
        )

    async def _fail(self, ctx: NodeContext, error: ErrorInfo) -> tuple[EdgeId, ...]:
        handled = self._node.on_error is not OnError.FAIL
        outputs: Outputs = {}
        edges: tuple[EdgeId, ...] = ()
        if handled:
            try:
                outputs = self._instead(error)
                edges = self._open_edges(outputs, await self._closed_edges(ctx, outputs))
            except EndsRun:
                raise
            except EngineError as another:  # the way out for errors has a fault of its own
                error, handled, outputs = self._placed(another.info, ctx), False, {}
        self._run.journal.record(
            ev.NodeFailed(
                path=ctx.path,
                scope=self._scope,
                node=self._fire.node,
                activation=self._fire.activation,
                error=error,
                handled=handled,
                outputs=outputs,
                edges=edges,
            )
        )
        if not handled:
            raise EngineError.of(error)
        return edges

    def _instead(self, error: ErrorInfo) -> Outputs:
        """What leaves in place of what the work did not give."""
        if self._node.on_error is OnError.PORT:
            return {ERROR.name: error.model_dump(mode="json")}
        return {OUT.name: self._node.default_output}

    @staticmethod
    def _placed(info: ErrorInfo, ctx: NodeContext) -> ErrorInfo:
        return info if info.path else info.model_copy(update={"path": ctx.path})


def _info_of(error: Exception, timeout_s: float | None) -> ErrorInfo:
    """How the failure of an attempt is recorded."""
    if isinstance(error, EngineError):
        return error.info
    if isinstance(error, _OverTime):
        return ErrorInfo(
            code=ErrorCode.TIMEOUT,
            message=f"The node did not finish within {timeout_s} s",
            cure="Raise its time limit, or give it less to do.",
            retryable=True,
        )
    return ErrorInfo(code=ErrorCode.INTERNAL, message=in_words(error), cure="Report this; the node kind has a fault.")


def _main(outputs: Outputs) -> Json:
    """The value of the main port, or all values by port."""
    main = PortName("out")
    return outputs[main] if main in outputs else dict(outputs)  # type: ignore[arg-type]  # port names are texts
