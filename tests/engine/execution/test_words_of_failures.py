"""What a person reads when a step or a run failed: code, what was got, how to mend it, and where it was."""

import asyncio
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import ErrorCode, ErrorInfo, ModelError, ToolError
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, ScriptedModel
from tests.graphs import approval, chain, edge, graph, node, one_agent, path


def one_tool(**rest: Any) -> Graph:
    nodes = [node("start", "input"), node("call", "tool", {"tool": "t"}, **rest), node("end", "output")]
    return graph(nodes, path("start", "call", "end"))


async def error_of(rig: Bench, given: Json = None) -> ErrorInfo:
    state = await rig.finish(given)
    assert state.error is not None
    return state.error


def raising(fault: BaseException) -> MemoryTools:
    def run(_arguments: dict[str, Json]) -> Json:
        raise fault

    return MemoryTools({"t": run})


async def test_failure_of_a_tool_is_told_as_the_tool_told_it_with_its_place() -> None:
    fault = ToolError("It is full.", code=ErrorCode.TIMEOUT, cure="Empty it.", retryable=True, retry_after_s=2.5)
    assert await error_of(Bench(one_tool(), tools=raising(fault))) == ErrorInfo(
        code=ErrorCode.TIMEOUT, message="It is full.", cure="Empty it.", retryable=True, retry_after_s=2.5, path=Path("call#1/tool.1")
    )


async def test_fault_in_a_tool_is_told_as_one_to_report() -> None:
    error = await error_of(Bench(one_tool(), tools=raising(KeyError("x"))))
    assert error == ErrorInfo(
        code=ErrorCode.INTERNAL, message="KeyError: 'x'", cure="Report this; what was called has a fault.", path=Path("call#1/tool.1")
    )


async def test_result_that_is_not_json_says_so() -> None:
    error = await error_of(Bench(one_tool(), tools=MemoryTools({"t": lambda _: b""})))  # type: ignore[dict-item,return-value]  # on purpose
    assert error == ErrorInfo(
        code=ErrorCode.INVALID_OUTPUT,
        message="t gave something that is not JSON: bytes has no form in JSON",
        path=Path("call#1/tool.1"),
    )


async def test_cost_of_a_failed_model_call_is_kept() -> None:
    fault = ModelError("cut")
    fault.usage = Usage(input_tokens=5, cost_nano_usd=9)
    rig = Bench(one_agent(), model=ScriptedModel([fault]))
    state = await rig.finish("x")
    assert (state.usage.calls, state.usage.input_tokens, state.usage.cost_nano_usd) == (1, 5, 9)


async def test_time_limit_of_a_node_says_how_long_it_was() -> None:
    async def hang(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    error = await error_of(Bench(one_tool(timeout_s=0.01), tools=MemoryTools({"t": hang})))
    assert error == ErrorInfo(
        code=ErrorCode.TIMEOUT,
        message="The node did not finish within 0.01 s",
        cure="Raise its time limit, or give it less to do.",
        retryable=True,
        path=Path("call#1"),
    )


def foreign(fault: BaseException) -> NodeKind[Params]:
    async def run(_ctx: object, _params: object) -> Outputs:
        raise fault

    return NodeKind(name="foreign", title="Foreign", summary="For this test", group="tools", icon="box", params=Params, run=run)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (ValueError("odd"), "ValueError: odd"),
        (TimeoutError("own"), "TimeoutError: own"),
        (asyncio.CancelledError(), "RuntimeError: The kind cancelled itself"),
    ],
)
@pytest.mark.parametrize("timeout_s", [None, 30.0])
async def test_fault_in_a_kind_fails_its_node_and_says_that_the_kind_has_it(
    fault: BaseException, message: str, timeout_s: float | None
) -> None:
    document = graph([node("start", "input"), node("f", "foreign", timeout_s=timeout_s), node("end", "output")], path("start", "f", "end"))
    with registered(foreign(fault)):
        error = await error_of(Bench(document))
    assert error == ErrorInfo(code=ErrorCode.INTERNAL, message=message, cure="Report this; the node kind has a fault.", path=Path("f#1"))


async def test_fault_of_an_expression_has_the_place_of_its_node() -> None:
    document = graph([node("start", "input"), node("end", "output", {"value": "input.x"})], path("start", "end"))
    error = await error_of(Bench(document), {"y": 1})
    assert (error.code, error.path) == (ErrorCode.EXPRESSION_FAILED, "end#1")


@pytest.mark.parametrize(
    ("most", "steps", "status"), [(5, 5, RunStatus.SUCCEEDED), (4, 4, RunStatus.LIMIT_EXCEEDED), (1, 1, RunStatus.LIMIT_EXCEEDED)]
)
async def test_run_makes_so_many_steps_and_no_more(most: int, steps: int, status: RunStatus) -> None:
    document = chain(3).model_copy(update={"limits": chain(1).limits.model_copy(update={"max_steps": most})})
    state = await Bench(document).finish(1)
    assert (state.status, state.steps) == (status, steps)
    if state.error is not None:
        assert (state.error.code, state.error.message) == (ErrorCode.LIMIT_EXCEEDED, f"The run has made {most} steps")
        assert state.error.cure == "Raise max_steps in the graph's limits, or find the loop."


async def test_time_limit_of_a_run_says_how_long_it_was() -> None:
    async def hang(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    document = one_tool().model_copy(update={"limits": chain(1).limits.model_copy(update={"max_seconds": 0.02})})
    state = await Bench(document, tools=MemoryTools({"t": hang})).finish()
    assert state.status is RunStatus.LIMIT_EXCEEDED and state.error is not None
    assert (state.error.message, state.error.cure) == (
        "The run worked for longer than 0.02 s",
        "Raise max_seconds in the graph's limits.",
    )


async def test_error_that_leaves_by_its_port_is_the_whole_error() -> None:
    document = graph(
        [node("start", "input"), node("call", "tool", {"tool": "t"}, on_error="port"), node("end", "output")],
        [edge("start", "call"), edge("call.error", "end")],
    )
    state = await Bench(document, tools=raising(ToolError("no", cure="do"))).finish()
    assert state.output == {
        "code": "tool_failed",
        "message": "no",
        "cure": "do",
        "retryable": False,
        "retry_after_s": None,
        "path": "call#1/tool.1",
    }


async def test_events_of_commands_say_who_gave_them_and_why() -> None:
    rig = Bench(approval())
    await rig.go(1)
    runner = rig.runner()
    runner.pause("ann")
    await rig.go(1, runner)
    runner = rig.runner()
    runner.unpause("bob")
    runner.cancel("cid", "enough")
    await rig.go(1, runner)
    said = {event.type: event for event in rig.log.events if event.type in ("run_paused", "run_unpaused", "run_cancelled")}
    assert (said["run_paused"].by, said["run_cancelled"].by, said["run_cancelled"].reason) == ("ann", "cid", "enough")  # type: ignore[union-attr]


async def test_kind_that_yields_at_no_port_leads_nowhere() -> None:
    async def run(_ctx: object, _params: object) -> Outputs:
        return {}

    silent: NodeKind[Params] = NodeKind(
        name="silent", title="Silent", summary="For this test", group="data", icon="box", params=Params, run=run, outputs=(OUT,)
    )
    document = graph([node("start", "input"), node("s", "silent"), node("end", "output")], path("start", "s", "end"))
    with registered(silent):
        error = await error_of(Bench(document))
    assert error.code == ErrorCode.NO_ROUTE
