"""When a failed attempt is made again: what it waits, what it believes, and what is never tried again."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph, Retry
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.execution.run_context import RunContext
from orchestrator.engine.execution.step import FINAL
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import NodeRetrying
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, ManualClock, MemoryLog, MemoryTools, ScriptedModel, host_of
from tests.graphs import chain, edge, graph, node, path


class StillClock(ManualClock):
    """Stands still; `chance` is what it gives for chance."""

    chance = 0.0

    def now_us(self) -> int:
        return self.time_us

    def random(self) -> float:
        return self.chance


def wait_s(retry: Retry, attempt: int, chance: float, retry_after_s: float | None = None) -> float:
    clock = StillClock()
    clock.chance = chance
    host = host_of(ScriptedModel(), MemoryTools(), MemoryLog(), FixedAuthority(), clock)
    due_us = RunContext(chain(0), RunState(), host, "run").retry_at_us(retry, attempt, retry_after_s)
    return (due_us - clock.time_us) / 1e6


RETRY = Retry(attempts=9, initial_s=2, factor=3, max_s=30)


@pytest.mark.parametrize(
    ("attempt", "chance", "waits"),
    [(1, 1.0, 2.0), (1, 0.0, 1.0), (1, 0.5, 1.5), (2, 1.0, 6.0), (3, 1.0, 18.0), (4, 1.0, 30.0), (4, 0.0, 15.0), (20, 1.0, 30.0)],
)
def test_wait_grows_by_its_factor_up_to_the_longest_and_chance_takes_up_to_half_off(attempt: int, chance: float, waits: float) -> None:
    assert wait_s(RETRY, attempt, chance) == waits


@pytest.mark.parametrize(("said", "waits"), [(None, 2.0), (0.0, 2.0), (1.0, 2.0), (7.5, 7.5), (900.0, 900.0)])
def test_provider_that_says_when_to_come_back_is_believed_when_that_is_later(said: float | None, waits: float) -> None:
    assert wait_s(RETRY, 1, 1.0, said) == waits


@given(st.floats(0, 3600), st.floats(1, 10), st.floats(0, 86_400), st.integers(1, 20), st.floats(0, 1))
def test_wait_is_never_longer_than_the_longest_and_never_negative(
    initial: float, factor: float, most: float, attempt: int, chance: float
) -> None:
    assert 0 <= wait_s(Retry(attempts=20, initial_s=initial, factor=factor, max_s=most), attempt, chance) <= most + 1e-6


def flaky(**rest: Any) -> Graph:
    nodes = [node("start", "input"), node("call", "tool", {"tool": "t"}, **rest), node("end", "output")]
    return graph(nodes, path("start", "call", "end"))


def failing(code: ErrorCode) -> MemoryTools:
    def run(_arguments: dict[str, Json]) -> Json:
        raise ToolError("no", code=code)

    return MemoryTools({"t": run})


@pytest.mark.parametrize("code", list(ErrorCode))
async def test_what_another_attempt_would_only_meet_again_is_not_tried_again(code: ErrorCode) -> None:
    rig = Bench(flaky(retry={"attempts": 3, "initial_s": 0}), tools=failing(code))
    state = await rig.finish()
    assert state.status is RunStatus.FAILED
    assert len(rig.tools.calls) == (1 if code in FINAL else 3)


def test_few_errors_are_final() -> None:
    assert {str(code) for code in FINAL} == {
        "refused",
        "rejected",
        "invalid_graph",
        "invalid_params",
        "replay_diverged",
        "outcome_unknown",
        "model_refused",
    }


@pytest.mark.parametrize("attempts", [1, 2, 4])
async def test_node_makes_as_many_attempts_in_all_as_it_says(attempts: int) -> None:
    rig = Bench(flaky(retry={"attempts": attempts, "initial_s": 0}), tools=failing(ErrorCode.TOOL_FAILED))
    state = await rig.finish()
    assert len(rig.tools.calls) == attempts
    retries = [event for event in rig.log.events if isinstance(event, NodeRetrying)]
    assert [(event.attempt, event.path) for event in retries] == [
        (number, "call#1" if number == 1 else f"call#1~{number}") for number in range(1, attempts)
    ]
    assert all(event.error.code is ErrorCode.TOOL_FAILED for event in retries)
    assert state.error is not None and state.error.path == ("call#1/tool.1" if attempts == 1 else f"call#1~{attempts}/tool.1")


async def test_each_attempt_has_its_inputs_and_the_log_has_them_once() -> None:
    rig = Bench(flaky(retry={"attempts": 2, "initial_s": 0}), tools=failing(ErrorCode.TOOL_FAILED))
    await rig.finish({"n": 1})
    begun = [event for event in rig.log.events if event.type == "node_started" and event.node == "call"]
    assert [(event.attempt, event.inputs) for event in begun] == [(1, {"in": {"n": 1}}), (2, {})]


async def test_nodes_that_wait_for_their_next_attempt_at_once_each_begin_at_their_time() -> None:
    names = {"soon": 0.02, "late": 0.06}
    failed: set[str] = set()
    order: list[str] = []

    def once(arguments: dict[str, Json]) -> Json:
        name = str(arguments["name"])
        if name not in failed:
            failed.add(name)
            raise ToolError("not yet")
        order.append(name)
        return name

    params = {name: {"tool": "t", "arguments": {"name": name}} for name in names}
    tries = [node(name, "tool", params[name], retry={"attempts": 2, "initial_s": wait}) for name, wait in names.items()]
    document = graph([*tries, node("both", "join"), node("end", "output")], [*path("soon", "both", "end"), edge("late", "both")])
    state = await asyncio.wait_for(Bench(document, tools=MemoryTools({"t": once})).finish(), 5)
    assert (state.output, order) == (["soon", "late"], ["soon", "late"])
