"""What a node's function is given: its inputs, and the doors to everything else."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.expressions.templates import render
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.document.graph import Limits, Node
from orchestrator.engine.document.node_kind import IN
from orchestrator.engine.effects.child_run import END, RunEnd
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.human import HumanAnswer, HumanRequest
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.execution.branches import Branch, Slots, gather
from orchestrator.engine.execution.effect import Effect, ModelCall, StartRun, Waiting
from orchestrator.engine.execution.performer import Place
from orchestrator.engine.ids import Json, Path, PortName, Scope
from orchestrator.engine.log import events as ev

if TYPE_CHECKING:
    from orchestrator.engine.execution.run_context import RunContext

T = TypeVar("T")


@dataclass(slots=True)
class NodeContext:
    """One attempt at one activation. `path` names where effects are recorded; a child
    context has a path of its own, so that parallel children never share a counter.

    `origin` is the step whatever the attempt, here and at the maps around it; `step` is the path
    of its first attempt. `started_seq` is the event as of which expressions see the run.
    """

    run: "RunContext"
    node: Node
    scope: Scope
    path: Path
    attempt: Path
    origin: str
    step: Path
    inputs: dict[PortName, Json]
    started_seq: int
    branch: Branch
    by_content: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def input(self) -> Json:
        """The value on the main input port."""
        return self.inputs.get(IN.name)

    @property
    def piece(self) -> str:
        """Names this piece of work, whatever the attempt at its step."""
        return self.origin + self.path.removeprefix(self.attempt)

    @property
    def run_input(self) -> Json:
        return self.run.state.input

    @property
    def limits(self) -> Limits:
        return self.run.graph.limits

    @property
    def variables(self) -> Variables:
        return self.run.variables(self.scope, self.started_seq, self.inputs)

    def agent(self, agent_id: str) -> Agent:
        return self.run.agent(agent_id)

    def tool(self, name: str) -> ToolSpec | None:
        return self.run.tool(name)

    async def evaluate(self, expression: str) -> Json:
        """The value of a CEL expression. Raises ExpressionFailed, LimitExceeded."""
        return await self.run.evaluating.value(expression, self.variables)

    async def holds(self, condition: str) -> bool:
        """Whether a condition holds. Raises ExpressionFailed, LimitExceeded."""
        return await self.run.evaluating.holds(condition, self.variables)

    async def render(self, template: str) -> str:
        """A template with its placeholders replaced. Raises ExpressionFailed, LimitExceeded."""
        return await render(template, self.evaluate)

    async def fault(self, schema: dict[str, Json], value: Json) -> str | None:
        """Where and why `value` does not fit a JSON Schema, or None. Raises LimitExceeded."""
        return next(iter(await self.run.evaluating.faults(schema, value)), None)

    async def perform(self, effect: Effect) -> Json:
        """Do something in the world, or get back what it gave when it was done before."""
        path = self._next_path(effect.kind, lambda: [effect.name, effect.request()])
        async with self.branch.call():
            return await self.run.performer.perform(effect, Place(path, self.attempt, self.origin), self.branch)

    async def ask_model(self, request: ModelRequest, agent: str) -> ModelReply:
        """Ask a language model on behalf of an agent. Raises ModelError, or Refused by the gate."""
        call = ModelCall(request, agent)
        path = self._next_path(call.kind, lambda: [call.name, call.request()])
        async with self.branch.call():
            result = await self.run.performer.perform(call, Place(path, self.attempt, self.origin), self.branch)
        usage = self.run.usage_of(path)
        return ModelReply.model_validate({**result, "usage": usage} if isinstance(result, dict) else result)

    async def ask(self, request: HumanRequest, *, within_s: float | None = None) -> HumanAnswer:
        """Ask a person and wait, however long; a run that only waits leaves its worker."""
        return (await self.asked(request, within_s=within_s))[0]

    async def asked(self, request: HumanRequest, *, within_s: float | None = None) -> tuple[HumanAnswer, str]:
        """The same, with the name of whoever answered."""
        path, answer = await self._wait(Waiting("human", request.model_dump(mode="json"), within_s=within_s))
        return HumanAnswer.model_validate(answer), self.run.state.effects[path].by

    async def have_run(self, start: StartRun) -> RunEnd:
        """Have another graph run and wait for its end, however long. Raises ToolError, or Refused by the gate."""
        path = self._next_path(start.kind, start.request)
        async with self.branch.call():
            performer = self.run.performer
            begun = await performer.perform(start, Place(path, self.attempt, self.origin), self.branch)
            end = await performer.wait(Waiting("run", {"run": _run_of(begun)}), Path(f"{path}{END}"), self.branch)
        return RunEnd.model_validate(end)

    async def sleep(self, seconds: float) -> None:
        """Wait for a time, as durably as for a person."""
        await self._wait(Waiting("timer", {"seconds": seconds}, within_s=seconds))

    def decide(self, what: str, chosen: str, why: str = "", options: Sequence[str] = ()) -> None:
        """Record a choice, unless the log has it from an earlier execution of this step."""
        path = self._next_path("decision", lambda: [what, chosen])
        self.run.note(ev.Decision(path=path, what=what, chosen=chosen, why=why, options=tuple(options)))

    def note(self, make: Callable[[Path], ev.Note]) -> None:
        """Record what the code of this step found, unless the log has it. `make` gives the note that stands at a path."""
        path = self._next_path("note", lambda: make(Path("")).model_dump(mode="json"))
        self.run.note(make(path))

    def count_tokens(self, model: str, text: str) -> int:
        """How many tokens the model makes of a text."""
        return self.run.count_tokens(model, text)

    def hear(self, agent: str, since: int) -> list[ev.AgentTold]:
        """What people have said to the agent of this step after event `since`, to be read before its next model call."""
        path = self._next_path("heard", lambda: None)
        coming = Path(f"{self.path}/model.{self._counts.get('model', 0) + 1}")
        return self.run.hear(self.step, agent, path, coming, since)

    async def run_body(self, index: int, seed: Json, label: str) -> Json:
        """Run this node's body once, as its `index`-th, counted from 0, in a scope of its own: that of this context's path."""
        return await self.run.run_body(self, index, seed, label)

    async def settle(self) -> None:
        """Let people say what became of the unsafe calls of this context that were cut off. Raises EngineError when one gives up."""
        await self.run.performer.settle(self.path, self.branch)

    async def gather(
        self, works: Sequence[Callable[["NodeContext"], Awaitable[T]]], labels: Sequence[str], slots: Slots | None = None
    ) -> list[T]:
        """Run several at once, each with a child context named by its label, at most as many at work as there are slots."""

        def on_child(work: Callable[["NodeContext"], Awaitable[T]], label: str) -> Callable[[Branch], Awaitable[T]]:
            return lambda branch: work(self.child(label, branch))

        if len(works) == 1 and slots is None:
            return [await works[0](self.child(labels[0], self.branch))]  # nothing goes on beside it
        async with self.branch.call():
            return await gather(self.branch, [on_child(work, label) for work, label in zip(works, labels, strict=True)], slots)

    def child(self, label: str, branch: Branch) -> "NodeContext":
        return replace(self, path=Path(f"{self.path}/{label}"), branch=branch, _counts={})

    def part(self, label: str) -> "NodeContext":
        """A context for a numbered part of this work, such as what is kept of it: its effects have paths of their own."""
        return replace(self, path=self._next_path(label, lambda: label), _counts={})

    def concurrent(self) -> "NodeContext":
        """A context for code that makes calls in an order of its own, such as a framework's.

        Its calls are named by what they ask for, not by their order, so a replay finds them whatever the timing.
        """
        return replace(self, by_content=True, _counts=self._counts)

    async def _wait(self, waiting: Waiting) -> tuple[Path, Json]:
        path = self._next_path(waiting.kind, waiting.request)
        async with self.branch.call():
            return path, await self.run.performer.wait(waiting, path, self.branch)

    def _next_path(self, kind: str, asked: Callable[[], Json]) -> Path:
        name = f"{kind}.{digest(asked())[:16]}" if self.by_content else kind
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return Path(f"{self.path}/{name}.{count}")


def _run_of(begun: Json) -> str:
    return str(begun["run"]) if isinstance(begun, dict) else ""
