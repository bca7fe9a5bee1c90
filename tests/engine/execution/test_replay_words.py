"""A replay raises what the first pass raised: the same class, with the same words."""

from collections.abc import Callable

import pytest

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.errors import EngineError, ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools, ScriptedModel, calls, says
from tests.graphs import one_agent


def raising(error: Exception) -> Callable[[dict[str, Json]], Json]:
    def tool(_arguments: dict[str, Json]) -> Json:
        raise error

    return tool


FAULTS: list[Exception] = [
    ToolError("The city is unknown.", cure="Name a city."),
    ToolError("Too much", code=ErrorCode.INVALID_INPUT, cure="Ask for less."),
    ToolError("Slow", code=ErrorCode.TIMEOUT, retryable=True, retry_after_s=3),
    ToolError("Lost", code=ErrorCode.OUTCOME_UNKNOWN),
    EngineError("A fault of the host", code=ErrorCode.INTERNAL),
    RuntimeError("a fault of the tool"),
]


def desk(fault: Exception, verdicts: dict[str, Verdict]) -> Bench:
    """An agent that meets a fault, then a tool that may need an approval, then answers."""
    tools = MemoryTools({"broken": raising(fault), "pay": lambda _: "paid"})
    model = ScriptedModel([calls(("broken", "{}")), calls(("pay", "{}")), says("done")])
    return Bench(one_agent(tools=["broken", "pay"]), model=model, tools=tools, authority=FixedAuthority(verdicts))


async def answered(rig: Bench, action: str = "approve") -> RunState:
    state = rig.runner().state
    for _ in range(5):
        runner = rig.runner()
        for place in runner.state.waiting():
            runner.deliver(place, {"action": action}, "ann")
        state = await rig.go("x", runner)
        if state.status is not RunStatus.WAITING:
            return state
    raise AssertionError(state.waiting())


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_agent_that_met_a_fault_goes_on_after_an_approval(fault: Exception) -> None:
    rig = desk(fault, {"pay": Verdict.ASK})
    state = await answered(rig)
    assert state.output == "done", state.error


@pytest.mark.parametrize("verdict", [Verdict.ALLOW, Verdict.DENY, Verdict.ASK])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_agent_that_met_a_fault_goes_on_after_a_crash_at_any_event(fault: Exception, verdict: Verdict) -> None:
    whole = desk(fault, {"pay": verdict})
    state = await answered(whole, "reject")
    assert state.output == "done", state.error
    said = [request.messages for request in whole.model.requests]
    for point in range(3, len(whole.log.events)):
        rig = desk(fault, {"pay": verdict})
        rig.log = MemoryLog(whole.log.events[:point])
        finished = sum(event.type == "effect_finished" and "/model." in event.path for event in rig.log.events)
        del rig.model.script[:finished]
        state = await answered(rig, "reject")
        assert state.output == "done", (point, state.error)
        assert [request.messages for request in rig.model.requests] == said[finished:]
