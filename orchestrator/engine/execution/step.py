"""One activation of a node, from its inputs to the edges it takes: attempts, time limit, errors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.engine.document.expressions import Variables, evaluate
from orchestrator.engine.document.graph import Edge, Graph, OnError, Retry
from orchestrator.engine.document.node_kind import ERROR, Outputs
from orchestrator.engine.errors import EngineError, ErrorCode, ErrorInfo, ReplayDiverged, RunLimitReached
from orchestrator.engine.execution.branches import Branch, Slots, time_limit
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.plan import NodePlan
from orchestrator.engine.execution.routing import open_edges
from orchestrator.engine.execution.scheduling import Fire, Schedule
from orchestrator.engine.ids import EdgeId, Json, Path, PortName, Scope, step_path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import Activation
from orchestrator.engine.log.status import NodeStatus

FINAL = frozenset({ErrorCode.REFUSED, ErrorCode.REJECTED, ErrorCode.INVALID_GRAPH, ErrorCode.INVALID_PARAMS, ErrorCode.REPLAY_DIVERGED})
"""Errors that another attempt would only meet again."""


@dataclass(slots=True)
class StepDoors:
    """What a step needs from the run that it is part of."""

    graph: Graph
    record: Callable[[ev.Event], None]
    activation: Callable[[Scope, Fire], Activation | None]
    context: Callable[[NodePlan, Scope, Path, Activation, Branch, Slots | None], NodeContext]
    variables: Callable[[NodeContext, dict[str, Json]], Variables]
    hold: Callable[[Branch], Awaitable[None]]
    sleep_until: Callable[[int, Path, Branch, Slots | None], Awaitable[None]]
    retry_at_us: Callable[[Retry, int, float | None], int]
    before_start: Callable[[], None]


class Step:
    """Runs one activation in one scope."""

    def __init__(self, doors: StepDoors, entry: NodePlan, scope: Scope, fire: Fire, schedule: Schedule) -> None:
        self._doors = doors
        self._entry = entry
        self._scope = scope
        self._fire = fire
        self._schedule = schedule

    async def run(self, branch: Branch, slots: Slots | None) -> tuple[EdgeId, ...]:
        """The edges it took. Raises EngineError when it failed and nothing handles that."""
        await self._doors.hold(branch)
        while True:
            activation = await self._begin_attempt(branch, slots)
            ctx = self._doors.context(self._entry, self._scope, self._path(activation.attempt), activation, branch, slots)
            try:
                outputs = await self._outputs(ctx, branch)
                return self._finish(ctx, outputs)
            except (RunLimitReached, ReplayDiverged):
                raise
            except EngineError as error:
                info = error.info
            except TimeoutError:
                info = ErrorInfo(
                    code=ErrorCode.TIMEOUT,
                    message=f"The node did not finish within {self._entry.node.timeout_s} s",
                    cure="Raise its time limit, or give it less to do.",
                    retryable=True,
                )
            except Exception as error:  # noqa: BLE001 - a fault in a kind fails its node, never the worker
                info = ErrorInfo(
                    code=ErrorCode.INTERNAL, message=f"{type(error).__name__}: {error}", cure="Report this; the node kind has a fault."
                )
            info = info if info.path else info.model_copy(update={"path": ctx.path})
            if not self._retry(activation, info):
                return self._fail(ctx, info)

    def _path(self, attempt: int) -> Path:
        return step_path(self._scope, self._fire.node, self._fire.activation, attempt)

    async def _begin_attempt(self, branch: Branch, slots: Slots | None) -> Activation:
        known = self._doors.activation(self._scope, self._fire)
        if known is None:
            self._doors.before_start()
            self._record_start(1)
        elif known.status is NodeStatus.RETRYING:
            await self._doors.sleep_until(known.retry_at_us, Path(f"{self._path(known.attempt)}/retry"), branch, slots)
            self._record_start(known.attempt + 1)
        activation = self._doors.activation(self._scope, self._fire)
        assert activation is not None
        return activation

    def _record_start(self, attempt: int) -> None:
        fire = self._fire
        event = ev.NodeStarted(
            path=self._path(attempt),
            scope=self._scope,
            node=fire.node,
            activation=fire.activation,
            attempt=attempt,
            inputs=fire.inputs if attempt == 1 else {},
        )
        self._doors.record(event)

    async def _outputs(self, ctx: NodeContext, branch: Branch) -> Outputs:
        if self._entry.node.timeout_s is None:
            return await self._entry.kind.run(ctx, self._entry.params)
        async with time_limit(branch, self._entry.node.timeout_s):
            return await self._entry.kind.run(ctx, self._entry.params)

    def _finish(self, ctx: NodeContext, outputs: Outputs) -> tuple[EdgeId, ...]:
        edges = self._open_edges(ctx, outputs)
        node = self._entry.node
        writes: tuple[ev.ChannelWrite, ...] = ()
        if node.writes:
            variables = self._doors.variables(ctx, {"output": _main(outputs)})
            writes = tuple(self._write(name, evaluate(expression, variables)) for name, expression in node.writes.items())
        self._doors.record(
            ev.NodeFinished(
                path=ctx.path,
                scope=self._scope,
                node=node.id,
                activation=self._fire.activation,
                outputs=outputs,
                edges=edges,
                writes=writes,
            )
        )
        return edges

    def _write(self, name: str, value: Json) -> ev.ChannelWrite:
        channel = self._doors.graph.channels[name]
        return ev.ChannelWrite(channel=name, reducer=channel.reducer, initial=channel.initial, value=value)

    def _open_edges(self, ctx: NodeContext, outputs: Outputs) -> tuple[EdgeId, ...]:
        def variables_of(edge: Edge) -> Variables:
            return self._doors.variables(ctx, {"output": outputs[edge.source_port]})

        return open_edges(self._entry, outputs, variables_of, self._schedule.times_taken)

    def _retry(self, activation: Activation, error: ErrorInfo) -> bool:
        retry = self._entry.node.retry
        if activation.attempt >= retry.attempts or error.code in FINAL:
            return False
        self._doors.record(
            ev.NodeRetrying(
                path=self._path(activation.attempt),
                scope=self._scope,
                node=self._fire.node,
                activation=self._fire.activation,
                attempt=activation.attempt,
                error=error,
                retry_at_us=self._doors.retry_at_us(retry, activation.attempt, error.retry_after_s),
            )
        )
        return True

    def _fail(self, ctx: NodeContext, error: ErrorInfo) -> tuple[EdgeId, ...]:
        outputs, edges = self._instead(ctx, error)
        handled = self._entry.node.on_error is not OnError.FAIL
        self._doors.record(
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

    def _instead(self, ctx: NodeContext, error: ErrorInfo) -> tuple[Outputs, tuple[EdgeId, ...]]:
        node = self._entry.node
        if node.on_error is OnError.FAIL:
            return {}, ()
        if node.on_error is OnError.PORT:
            data: Json = error.model_dump(mode="json")
            outputs: Outputs = {ERROR.name: data}
        else:
            outputs = {self._entry.kind.outputs[0].name: node.default_output}
        return outputs, self._open_edges(ctx, outputs)


def _main(outputs: Outputs) -> Json:
    """The value of the main port, or all values by port."""
    main = PortName("out")
    return outputs[main] if main in outputs else dict(outputs)  # type: ignore[arg-type]  # port names are texts
