"""What a node's function is given: its inputs, and the doors to everything else."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from orchestrator.engine.document.agent import Agent
from orchestrator.engine.document.expressions import Variables, evaluate, is_open, render
from orchestrator.engine.document.graph import Limits, Node
from orchestrator.engine.document.node_kind import IN
from orchestrator.engine.effects.human import HumanAnswer, HumanRequest
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Usage
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.execution.branches import Branch, Slots, gather
from orchestrator.engine.execution.effect import Effect, ModelCall, Waiting
from orchestrator.engine.ids import Json, Path, PortName, Scope
from orchestrator.engine.log import events as ev

T = TypeVar("T")


class RunDoors(Protocol):
    """What the runner lends to the nodes of a run."""

    async def perform(self, effect: Effect, path: Path, branch: Branch) -> Json: ...

    async def wait(self, waiting: Waiting, path: Path, branch: Branch, slots: Slots | None) -> Json: ...

    async def run_body(self, ctx: "NodeContext", scope: Scope, index: int, seed: Json, label: str) -> Json: ...

    def variables(self, ctx: "NodeContext") -> Variables: ...

    def usage_of(self, path: Path) -> Usage: ...

    def decide(self, decision: ev.Decision) -> None: ...

    def agent(self, agent_id: str) -> Agent: ...

    def tool(self, name: str) -> ToolSpec | None: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def run_input(self) -> Json: ...


@dataclass(slots=True)
class NodeContext:
    """One attempt at one activation. `path` names where effects are recorded; a child
    context has a path of its own, so that parallel children never share a counter."""

    doors: RunDoors
    node: Node
    scope: Scope
    path: Path
    inputs: dict[PortName, Json]
    started_seq: int
    branch: Branch
    slots: Slots | None = None
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def input(self) -> Json:
        """The value on the main input port."""
        return self.inputs.get(IN.name)

    @property
    def run_input(self) -> Json:
        return self.doors.run_input

    @property
    def limits(self) -> Limits:
        return self.doors.limits

    def agent(self, agent_id: str) -> Agent:
        return self.doors.agent(agent_id)

    def tool(self, name: str) -> ToolSpec | None:
        return self.doors.tool(name)

    def evaluate(self, expression: str) -> Json:
        return evaluate(expression, self.doors.variables(self))

    def holds(self, condition: str) -> bool:
        return is_open(condition, self.doors.variables(self))

    def render(self, template: str) -> str:
        return render(template, self.doors.variables(self))

    async def perform(self, effect: Effect) -> Json:
        """Do something in the world, or get back what it gave when it was done before."""
        return await self.doors.perform(effect, self._next_path(effect.kind), self.branch)

    async def ask_model(self, request: ModelRequest, agent: str) -> ModelReply:
        """Ask a language model on behalf of an agent. Raises ModelError, or Refused by the gate."""
        path = self._next_path("model")
        result = await self.doors.perform(ModelCall(request, agent), path, self.branch)
        return ModelReply.model_validate({**result, "usage": self.doors.usage_of(path)} if isinstance(result, dict) else result)

    async def ask(self, request: HumanRequest, *, within_s: float | None = None) -> HumanAnswer:
        """Ask a person and wait, however long; a run that only waits leaves its worker."""
        waiting = Waiting("human", request.model_dump(mode="json"), within_s=within_s)
        answer = await self.doors.wait(waiting, self._next_path("human"), self.branch, self.slots)
        return HumanAnswer.model_validate(answer)

    async def sleep(self, seconds: float) -> None:
        """Wait for a time, as durably as for a person."""
        waiting = Waiting("timer", {"seconds": seconds}, within_s=seconds)
        await self.doors.wait(waiting, self._next_path("timer"), self.branch, self.slots)

    def decide(self, what: str, chosen: str, why: str = "", options: Sequence[str] = ()) -> None:
        """Record a choice, unless the log has it from an earlier execution of this step."""
        path = self._next_path("decision")
        self.doors.decide(ev.Decision(path=path, what=what, chosen=chosen, why=why, options=tuple(options)))

    async def run_body(self, scope: Scope, index: int, seed: Json, label: str) -> Json:
        """Run this node's body once, in a scope of its own, as its `index`-th, counted from 0."""
        return await self.doors.run_body(self, scope, index, seed, label)

    async def gather(self, works: Sequence[Callable[["NodeContext"], Awaitable[T]]], labels: Sequence[str]) -> list[T]:
        """Run several at once, each with a child context named by its label."""

        def on_child(work: Callable[["NodeContext"], Awaitable[T]], label: str) -> Callable[[Branch], Awaitable[T]]:
            return lambda branch: work(self.child(label, branch))

        return await gather(self.branch, [on_child(work, label) for work, label in zip(works, labels, strict=True)])

    def child(self, label: str, branch: Branch) -> "NodeContext":
        return replace(self, path=Path(f"{self.path}/{label}"), branch=branch, _counts={})

    def _next_path(self, kind: str) -> Path:
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return Path(f"{self.path}/{kind}.{count}")
