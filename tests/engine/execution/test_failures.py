"""What happens when a node fails: retries, error ports, defaults, time limits, divergence."""

import asyncio

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import ErrorCode, LeaseLost, ModelError, ToolError
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Event, RunClaimed
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryLog, MemoryTools, ScriptedModel, says
from tests.graphs import chain, edge, graph, node, one_agent, path


def flaky(**rest: object) -> Graph:
    nodes = [node("start", "input"), node("call", "tool", {"tool": "flaky"}, **rest), node("end", "output")]
    return graph(nodes, path("start", "call", "end"))


class Flaky(MemoryTools):
    """Fails as often as it is told, then works."""

    def __init__(self, failures: int) -> None:
        super().__init__({"flaky": self._try})
        self._left = failures

    def _try(self, _arguments: dict[str, Json]) -> Json:
        self._left -= 1
        if self._left >= 0:
            raise ToolError("not now")
        return "worked"


async def test_node_is_tried_again_and_its_attempts_are_recorded() -> None:
    rig = Bench(flaky(retry={"attempts": 3, "initial_s": 0.001}), tools=Flaky(2))
    assert (await rig.finish()).output == "worked"
    assert [event.attempt for event in rig.log.events if event.type == "node_retrying"] == [1, 2]
    assert {event.path for event in rig.log.events if event.type == "effect_started"} == {
        "call#1/tool.1",
        "call#1~2/tool.1",
        "call#1~3/tool.1",
    }


async def test_retries_are_bounded_and_the_last_error_is_the_runs() -> None:
    state = await Bench(flaky(retry={"attempts": 2, "initial_s": 0.001}), tools=Flaky(9)).finish()
    assert state.status is RunStatus.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.message, state.error.path) == (ErrorCode.TOOL_FAILED, "not now", "call#1~2/tool.1")


async def test_long_backoff_leaves_the_worker() -> None:
    rig = Bench(flaky(retry={"attempts": 2, "initial_s": 600, "max_s": 600}), tools=Flaky(1))
    state = await rig.go()
    assert state.status is RunStatus.WAITING and state.wake_at_us is not None
    rig.clock.time_us = state.wake_at_us + 1
    assert (await rig.go()).output == "worked"


async def test_provider_that_says_when_to_come_back_is_believed() -> None:
    error = ModelError("slow down", code=ErrorCode.MODEL_RATE_LIMITED, retryable=True, retry_after_s=900)
    document = one_agent()
    nodes = tuple(
        n.model_copy(update={"retry": n.retry.model_copy(update={"attempts": 2})}) if n.id == "help" else n for n in document.nodes
    )
    rig = Bench(document.model_copy(update={"nodes": nodes}), model=ScriptedModel([error, says("ok")]))
    state = await rig.go("x")
    assert state.wake_at_us is not None and state.wake_at_us - rig.clock.time_us > 890_000_000


async def test_error_leaves_by_the_error_port() -> None:
    document = graph(
        [node("start", "input"), node("call", "tool", {"tool": "flaky"}, on_error="port"), node("end", "output")]
        + [node("sorry", "output", {"value": "input.code + ': ' + input.message"})],
        [edge("start", "call"), edge("call", "end"), edge("call.error", "sorry")],
    )
    assert (await Bench(document, tools=Flaky(1)).finish()).output == "tool_failed: not now"
    assert (await Bench(document, tools=Flaky(0)).finish()).output == "worked"


async def test_default_takes_the_place_of_a_failed_value() -> None:
    assert (await Bench(flaky(on_error="default", default_output={"none": True}), tools=Flaky(1)).finish()).output == {"none": True}


async def test_node_that_takes_too_long_is_stopped() -> None:
    async def hang(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    state = await Bench(flaky(timeout_s=0.02), tools=MemoryTools({"flaky": hang})).finish()
    assert state.error is not None and state.error.code == "timeout" and "0.02 s" in state.error.message


async def test_time_spent_waiting_for_a_person_does_not_count() -> None:
    document = graph(
        [node("start", "input"), node("ask", "human", {}, timeout_s=0.05), node("end", "output")],
        [edge("start", "ask"), edge("ask.approve", "end")],
    )
    rig = Bench(document)
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await asyncio.sleep(0.1)
    assert (await going).status is RunStatus.WAITING


async def test_fault_in_a_branch_stops_the_others() -> None:
    cancelled = asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return None

    document = graph(
        [node("start", "input"), node("bad", "transform", {"expression": "input.missing.field"}), node("s", "tool", {"tool": "slow"})]
        + [node("both", "join"), node("end", "output")],
        [edge("start", "bad"), edge("start", "s"), edge("bad", "both"), edge("s", "both"), edge("both", "end")],
    )
    state = await Bench(document, tools=MemoryTools({"slow": slow})).finish({"missing": 1})
    assert state.status is RunStatus.FAILED and cancelled.is_set()
    assert state.open_steps == set() and state.open_effects == set()


async def test_bad_input_is_refused_with_its_place() -> None:
    document = chain(1).model_copy(update={"inputs": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}})
    state = await Bench(document).finish({"n": "many"})
    assert state.error is not None and state.error.code == "invalid_input" and "at n" in state.error.message


async def test_log_of_another_version_is_not_continued() -> None:
    def document(text: str) -> Graph:
        call = node("call", "tool", {"tool": "note", "arguments": {"text": text}})
        return graph(
            [node("start", "input"), call, node("ask", "human"), node("end", "output")],
            [*path("start", "call", "ask"), edge("ask.approve", "end")],
        )

    rig = Bench(document("one"), tools=MemoryTools({"note": lambda _arguments: "noted"}))
    await rig.go()
    cut = next(i for i, event in enumerate(rig.log.events) if event.type == "effect_finished") + 1
    other = Bench(document("two"), tools=rig.tools, log=MemoryLog(rig.log.events[:cut]))
    state = await other.go()
    assert state.error is not None and state.error.code == "replay_diverged"


class RefusingLog(MemoryLog):
    """Another worker owns the run now."""

    async def flush(self) -> None:
        raise LeaseLost

    def append(self, events: object) -> None:
        if isinstance(events, tuple):
            self.events.extend(event for event in events if isinstance(event, Event))  # type: ignore[misc]


async def test_worker_that_lost_the_run_performs_nothing_more() -> None:
    tools = MemoryTools({"flaky": lambda _arguments: "done"})
    rig = Bench(flaky(), tools=tools, log=RefusingLog())
    runner: Runner = rig.runner()
    with pytest.raises(LeaseLost):
        await runner.run(None, RunClaimed(worker="w", epoch=1, cause="first"))
    assert tools.calls == []
    assert not fold(rig.log.events).status.terminal
