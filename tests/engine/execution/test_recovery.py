"""A run continues from its log: after any crash, with the same outcome, doing nothing twice."""

import asyncio
import json
import os
import random
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Role
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import CallContext, ToolCall
from orchestrator.engine.testing import Bench, MemoryLog, MemoryTools, ScriptedModel, WorkerDied, calls, says
from tests.engine.random_graphs import executable_graphs, well_formed

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class UnevenTools(MemoryTools):
    """Tools that take a random number of turns of the loop, so that branches interleave differently."""

    seed: int = 0
    performed: list[str] = field(default_factory=list)

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        for _ in range(random.Random(f"{self.seed}{call.idempotency_key}").randrange(6)):
            await asyncio.sleep(0)
        self.performed.append(call.idempotency_key)
        return await super().call(wanted, call)


def answer(request: ModelRequest) -> ModelReply:
    """Uses the tool once, then answers."""
    used = any(message.role is Role.TOOL for message in request.messages)
    return says("done") if used else calls(("note", json.dumps({"text": "y"})))


def bench(graph: Graph, seed: int, log: MemoryLog | None = None) -> Bench:
    tools = UnevenTools({"note": lambda arguments: arguments["text"]}, safety=Safety.IDEMPOTENT, seed=seed)
    return Bench(graph, model=ScriptedModel(answer=answer), tools=tools, log=log or MemoryLog())


async def to_the_end(rig: Bench) -> RunState:
    """Work and answer whatever is asked until the run has ended."""
    state = await rig.go(5)
    while not state.status.terminal:
        assert state.status is RunStatus.WAITING
        runner = rig.runner()
        for path in runner.state.waiting():
            if runner.state.effects[path].kind == "human":
                assert runner.deliver(path, {"action": "approve", "value": None, "comment": ""}, "someone")
        state = await rig.go(5, runner)
    return state


def outcome(state: RunState) -> object:
    """Everything about a run that must not depend on timing or crashes."""
    steps = {
        (scope, name, number): (act.status, act.outputs, act.edges, act.attempt)
        for scope, inner in state.scopes.items()
        for name, acts in inner.activations.items()
        for number, act in acts.items()
    }
    effects = {path: (effect.kind, effect.name, effect.status, effect.result) for path, effect in state.effects.items()}
    return state.status, state.output, steps, effects, {name: channel.as_of(state.last_seq) for name, channel in state.channels.items()}


@QUICK
@given(executable_graphs().map(well_formed))
def test_state_is_the_fold_of_the_log(graph: Graph) -> None:
    rig = bench(graph, 1)
    state = asyncio.run(to_the_end(rig))
    assert state.status is RunStatus.SUCCEEDED, state.error
    assert fold(rig.log.events) == state


@QUICK
@given(executable_graphs().map(well_formed), st.integers(0, 99), st.integers(100, 199))
def test_paths_and_results_are_the_same_whatever_the_interleaving(graph: Graph, one: int, other: int) -> None:
    first = asyncio.run(to_the_end(bench(graph, one)))
    second = asyncio.run(to_the_end(bench(graph, other)))
    assert outcome(first) == outcome(second)


@settings(QUICK, max_examples=int(os.environ.get("CRASH_EXAMPLES", "25")))
@given(executable_graphs(largest=4).map(well_formed))
def test_crash_at_every_event_boundary_changes_nothing(graph: Graph) -> None:
    whole = bench(graph, 3)

    async def every_point() -> None:
        expected = outcome(await to_the_end(whole))
        for point in range(1, len(whole.log.events)):
            assert await _crash_and_recover(graph, point) == expected, f"crash after event {point}"

    asyncio.run(every_point())


async def _crash_and_recover(graph: Graph, point: int) -> object:
    broken = bench(graph, 3, MemoryLog(die_after=point))
    try:
        await to_the_end(broken)
    except WorkerDied:
        pass
    known = fold(broken.log.events)
    finished = {effect.idempotency_key for effect in known.effects.values() if effect.kind == "tool" and effect.status.ended}
    again = bench(graph, 4, MemoryLog(broken.log.events))
    state = await to_the_end(again)
    assert isinstance(again.tools, UnevenTools)
    assert not finished & set(again.tools.performed), "a finished effect was performed again"
    return outcome(state)


@settings(QUICK, max_examples=15)
@given(executable_graphs().map(well_formed))
def test_replay_of_a_finished_log_performs_nothing(graph: Graph) -> None:
    rig = bench(graph, 1)
    asyncio.run(to_the_end(rig))
    ended = rig.log.events
    replayed = bench(graph, 2, MemoryLog(ended[:-1]))
    state = asyncio.run(to_the_end(replayed))
    assert state.status is RunStatus.SUCCEEDED
    assert isinstance(replayed.tools, UnevenTools)
    assert replayed.tools.performed == [] and replayed.model.requests == []
