"""A graph has another one run: the run waits without a worker, goes on with the end, and starts it once whatever happens."""

import json
from typing import Any

import pytest

from orchestrator.engine.agents.host_tools.run_graph import SPEC
from orchestrator.engine.effects.child_run import RunEnd
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryLog, MemoryTools, ScriptedModel, WorkerDied, calls, says
from tests.graphs import graph, node, one_agent, path

GIVES = RunEnd(run="r", status="succeeded", output={"sum": 7})
FAILS = RunEnd(run="r", status="failed", message="Node 'x' failed.", cure="Mend it.")


class Tools(MemoryTools):
    def spec(self, name: str) -> ToolSpec | None:
        return SPEC if name == SPEC.name else super().spec(name)


def by_agent(**arguments: Json) -> Bench:
    script = [calls(("run_graph", json.dumps({"graph": "other", **arguments}))), says("thanks")]
    return Bench(one_agent(tools=["run_graph"]), model=ScriptedModel(script), tools=Tools())  # type: ignore[arg-type]


def by_node() -> Bench:
    arguments = {"graph": "other", "input": "{{ run.input }}"}
    nodes = [node("start", "input"), node("call", "tool", {"tool": "run_graph", "arguments": arguments}), node("end", "output")]
    return Bench(graph(nodes, path("start", "call", "end")), tools=Tools())


def told(rig: Bench) -> str:
    return rig.model.requests[1].messages[-1].text


async def ended_with(rig: Bench, end: RunEnd, run_input: Json = "task") -> RunState:
    """The run has waited for the other one, left its worker, and come back with its end."""
    assert (await rig.go(run_input)).status is RunStatus.WAITING
    [place] = rig.runs.waited_for.values()
    runner = rig.runner()
    assert runner.deliver(place, end.model_dump(mode="json"), "", "")
    return await rig.go(run_input, runner)


async def test_an_agent_goes_on_with_what_the_graph_gave() -> None:
    rig = by_agent(input={"n": 3})
    assert (await ended_with(rig, GIVES)).status is RunStatus.SUCCEEDED
    [wanted] = rig.runs.started.values()
    assert (wanted.graph, wanted.input, told(rig)) == ("other", {"n": 3}, '{"sum": 7}') and rig.tools.calls == []


async def test_an_agent_is_told_why_the_graph_gave_nothing() -> None:
    rig = by_agent()
    assert (await ended_with(rig, FAILS)).status is RunStatus.SUCCEEDED
    assert told(rig) == "Error: The run r of graph 'other' has not succeeded, it ended as failed. Node 'x' failed. Mend it."


async def test_a_node_gives_what_the_graph_gave_and_fails_with_it() -> None:
    assert (await ended_with(by_node(), GIVES, {"n": 1})).output == {"sum": 7}
    state = await ended_with(by_node(), FAILS)
    assert state.status is RunStatus.FAILED and state.error is not None
    assert "run r of graph 'other'" in state.error.message and state.error.cure == "Mend it."


async def test_an_end_that_came_before_anybody_waited_is_taken_at_once() -> None:
    rig = by_node()
    rig.runs.ends["other"] = GIVES
    assert (await rig.go()).output == {"sum": 7}


async def test_an_end_that_nobody_told_of_is_found_when_the_run_is_taken_up_again() -> None:
    rig = by_node()
    assert (await rig.go()).status is RunStatus.WAITING
    rig.runs.ends["other"] = GIVES
    assert (await rig.go()).output == {"sum": 7}


async def test_a_host_that_is_away_gives_the_run_back_and_loses_no_end() -> None:
    rig = by_node()
    rig.runs.away = True
    with pytest.raises(HostUnavailable):
        await rig.go()
    rig.runs.away, rig.runs.ends["other"] = False, GIVES
    assert (await rig.go()).output == {"sum": 7} and len(rig.runs.started) == 1


async def test_a_graph_that_is_not_there_is_told_to_the_model() -> None:
    rig = by_agent(graph="missing")
    assert (await rig.go("task")).status is RunStatus.SUCCEEDED
    assert told(rig) == "Error: There is no graph 'missing' Choose another."


async def test_the_gate_is_asked_and_what_it_refuses_is_not_started() -> None:
    rig = by_agent(input=1)
    rig.authority.verdicts["run_graph"] = Verdict.DENY
    assert (await rig.go("task")).status is RunStatus.SUCCEEDED
    [asked] = [request for request in rig.authority.asked if request.name == "run_graph"]
    assert asked.arguments == {"graph": "other", "input": 1} and asked.own_tools == ("run_graph",)
    assert rig.runs.started == {} and told(rig) == "Error: this call is not permitted. Go on without it."


@pytest.mark.parametrize("arguments", [{"graph": ""}, {"graph": 7}, {"graph": None}, {"grpah": "other"}, {"graph": "x" * 81}])
async def test_a_call_that_is_none_is_corrected_and_starts_nothing(arguments: dict[str, Any]) -> None:
    rig = by_agent(**arguments)
    assert (await rig.go("task")).status is RunStatus.SUCCEEDED
    assert rig.runs.started == {} and told(rig).startswith("Error: the arguments of run_graph do not fit")


@pytest.mark.parametrize("make", [by_agent, by_node])
async def test_a_worker_that_dies_at_any_event_starts_the_graph_once(make: Any) -> None:
    whole = make()
    expected = (await ended_with(whole, GIVES)).output
    for died_after in range(1, len(whole.log.events)):
        rig = make()
        rig.log = MemoryLog(die_after=died_after)
        try:
            await _lived(rig)
        except WorkerDied:
            pass
        rig.log = MemoryLog(rig.log.events)
        rig.model.script = make().model.script[rig.runner().state.usage.calls :]
        state = await _lived(rig)
        assert (state.output, len(rig.runs.started)) == (expected, 1), died_after


async def _lived(rig: Bench) -> RunState:
    """As long as it takes; the other run ends as soon as it is waited for."""
    state = await rig.go("task")
    if state.status is not RunStatus.WAITING:
        return state
    rig.runs.ends["other"] = GIVES
    return await rig.go("task")
