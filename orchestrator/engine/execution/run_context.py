"""What all steps of one run share: its graph, its log, its ways out."""

from typing import TYPE_CHECKING

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.document.files.asked import file_faults
from orchestrator.engine.document.graph import Graph, Retry
from orchestrator.engine.document.run_input import refuse_input
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import EndsRun, EngineError, ErrorCode, RunLimitReached
from orchestrator.engine.execution.branches import Branch
from orchestrator.engine.execution.evaluation.evaluating import Evaluating
from orchestrator.engine.execution.evaluation.visibility import variables_as_of
from orchestrator.engine.execution.firing.plan import Plan, plan_of
from orchestrator.engine.execution.journal import Journal
from orchestrator.engine.execution.performer import Performer
from orchestrator.engine.execution.scope_run import ScopeRun
from orchestrator.engine.execution.waits import Waits
from orchestrator.engine.ids import ROOT, AgentId, Json, NodeId, Path, PortName, Scope
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.ports import Host

if TYPE_CHECKING:
    from orchestrator.engine.execution.context import NodeContext


class RunContext:
    """One run of one graph, as its steps see it."""

    def __init__(self, graph: Graph, state: RunState, host: Host, run_id: str) -> None:
        self.graph = graph
        self.state = state
        self.journal = Journal(state, host.sink, host.clock)
        self.waits = Waits(host.clock)
        self.evaluating = Evaluating(host.evaluator)
        self.performer = Performer(run_id, self.journal, host, self.waits)
        self._host = host
        self._bodies: dict[NodeId, Plan] = {}

    async def run_graph(self, branch: Branch) -> Json:
        """Execute the graph itself; what its delivering nodes yielded. Raises EngineError."""
        await self.evaluating.require_valid(self.graph)
        plan = plan_of(self.graph)
        faults = await self.evaluating.faults(self.graph.inputs, self.state.input)
        refuse_input([*faults, *file_faults(self.graph.inputs, self.state.input)])
        self._bodies = plan.all_bodies()
        await ScopeRun(self, plan, ROOT, "", branch).run()
        return self._output(plan)

    async def run_body(self, ctx: "NodeContext", index: int, seed: Json, label: str) -> Json:
        """Execute the body of the context's node once, in the scope named by the context's path. Raises EngineError."""
        scope = Scope(ctx.path)
        known = self.state.scopes.get(scope)
        if known is None:
            self.journal.record(ev.ScopeStarted(scope=scope, parent=ctx.scope, node=ctx.node.id, index=index, label=label, seed=seed))
        elif known.error is not None:
            raise EngineError.of(known.error)
        elif known.finished:
            return known.output
        try:
            output = await ScopeRun(self, self._bodies[ctx.node.id], scope, f"{ctx.origin}/{index}", ctx.branch).run()
        except EndsRun:
            raise
        except EngineError as error:
            self.journal.record(ev.ScopeFinished(scope=scope, error=error.info))
            raise EngineError.of(error.info) from error
        self.journal.record(ev.ScopeFinished(scope=scope, output=output))
        return output

    def raise_known_failure(self, scopes: list[Scope]) -> None:
        """Raise what one of these scopes failed with, according to the log."""
        for scope in scopes:
            known = self.state.scopes.get(scope)
            if known is not None and known.error is not None:
                raise EngineError.of(known.error)

    def variables(
        self,
        scope: Scope,
        seq: int,
        inputs: dict[PortName, Json],
        more: dict[str, Json] | None = None,
        writes: tuple[ev.ChannelWrite, ...] = (),
    ) -> Variables:
        """What an expression sees in this scope as of event `seq`."""
        return variables_as_of(self.graph, self.state, scope, seq, inputs, more, writes)

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

    def usage_of(self, path: Path) -> Usage:
        return self.state.effects[path].usage or Usage()

    def count_tokens(self, model: str, text: str) -> int:
        return self._host.tokens.count(model, text)

    def note(self, note: ev.Note) -> None:
        """Record what the log does not have."""
        if note.path not in self.state.notes.paths:
            self.journal.record(note)

    def hear(self, step: Path, agent: str, path: Path, coming: Path, since: int) -> list[ev.AgentTold]:
        """What people had said to an agent when it first came here.

        The log either says so at `path`, or has the call at `coming`, before which nothing was to be heard then.
        """
        notes = self.state.notes
        told = [message for message in notes.told.get(step, ()) if message.seq > since]
        if path in notes.heard:
            return [message for message in told if message.seq in notes.heard[path]]
        if not told or coming in self.state.effects:
            return []
        self.journal.record(ev.AgentHeard(path=path, agent=agent, told=tuple(message.seq for message in told)))
        return told

    def require_step(self) -> None:
        """Raises RunLimitReached when the run may make no further step."""
        if self.state.steps >= self.graph.limits.max_steps:
            raise RunLimitReached(
                f"The run has made {self.state.steps} steps", cure="Raise max_steps in the graph's limits, or find the loop."
            )

    def retry_at_us(self, retry: Retry, attempt: int, retry_after_s: float | None) -> int:
        """When the attempt after this one may start."""
        wait = min(retry.max_s, retry.initial_s * retry.factor ** (attempt - 1))
        wait *= 0.5 + self._host.clock.random() / 2
        return self._host.clock.now_us() + int(max(wait, retry_after_s or 0.0) * 1e6)

    def _output(self, plan: Plan) -> Json:
        """What the delivering nodes yielded: one value, or several by node id."""
        delivering = [name for name, entry in plan.nodes.items() if entry.kind.delivers]
        found: dict[str, Json] = {}
        for name in delivering:
            latest = self.state.scopes[ROOT].latest_delivered(name)
            if latest is not None:
                found[name] = next(iter(latest.outputs.values()), None)
        if delivering and not found:
            raise EngineError(
                "The run ended without reaching an output",
                code=ErrorCode.NO_ROUTE,
                cure="Some condition was never met: add an `otherwise` edge where the route stopped.",
            )
        return next(iter(found.values())) if len(found) == 1 else found or None
