"""However many questions a run has, so many are open at once; the others are asked as answers come."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution import asking
from orchestrator.engine.execution.asking import LINE, MOST_OPEN
from orchestrator.engine.ids import Path
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools
from tests.graphs import edge, graph, node


def asking_each(ask: dict[str, Any] | None = None, **each: Any) -> Graph:
    nodes = [
        node("start", "input"),
        node("each", "map", {"items": "input", "concurrency": 256, **each}),
        node("ask", "human", ask or {}, parent="each"),
        node("end", "output"),
    ]
    return graph(nodes, [edge("start", "each"), edge("each.item", "ask"), edge("ask.approve", "each.result"), edge("each", "end")])


def most_open(rig: Bench) -> int:
    """The largest number of questions that were open at once, by the log alone."""
    most = 0
    for length in range(len(rig.log.events) + 1):
        state = fold(rig.log.events[:length])
        most = max(most, sum(effect.kind == "human" and effect.status is EffectStatus.WAITING for effect in state.effects.values()))
    return most


async def answered(rig: Bench, count: int, action: str = "approve", run_input: Any = None) -> RunState:
    """Where the run stands after so many of its open questions were answered at once."""
    runner = rig.runner()
    for path in fold(rig.log.events).waiting()[:count]:
        assert runner.deliver(path, {"action": action}, "ann")
    return await rig.go(run_input, runner)


async def test_a06_a_map_over_many_items_asks_as_answers_come() -> None:
    items = [*range(MOST_OPEN * 2 + 30)]
    rig = Bench(asking_each())
    state = await rig.go(items)
    assert (state.status, len(state.waiting())) == (RunStatus.WAITING, MOST_OPEN)
    [told] = [event for event in rig.log.events if event.type == "decision" and event.path.endswith(LINE)]
    assert told.path.startswith("each#1/item.") and f"{MOST_OPEN} questions of this run are open" in told.why
    state = await answered(rig, 1)
    assert len(state.waiting()) == MOST_OPEN, "one was answered, so one more is asked"
    state = await answered(rig, 60)
    assert len(state.waiting()) == MOST_OPEN
    while state.status is RunStatus.WAITING:
        state = await answered(rig, 1000)
    assert state.status is RunStatus.SUCCEEDED and [row["value"] for row in state.output] == items  # type: ignore[index, call-overload, union-attr]
    assert sum(event.type == "decision" and event.path.endswith(LINE) for event in rig.log.events) == 1


async def test_a06_questions_that_expire_or_are_rejected_make_room_too() -> None:
    rig = Bench(asking_each({"deadline_s": 600}, on_item_error="record"))
    state = await rig.go([*range(MOST_OPEN + 5)])
    assert state.wake_at_us is not None and len(state.waiting()) == MOST_OPEN
    rig.clock.time_us = state.wake_at_us + 1
    state = await rig.go()
    assert len(state.waiting()) == 5
    state = await answered(rig, 5, "reject")
    assert state.status is RunStatus.SUCCEEDED


async def test_a06_calls_that_wait_for_approval_count_like_questions() -> None:
    nodes = [
        node("start", "input"),
        node("each", "map", {"items": "input", "concurrency": 256}),
        node("pay", "tool", {"tool": "pay", "arguments": {"n": "{{ input }}"}}, parent="each"),
        node("end", "output"),
    ]
    drawn = graph(nodes, [edge("start", "each"), edge("each.item", "pay"), edge("pay", "each.result"), edge("each", "end")])
    tools = MemoryTools({"pay": lambda arguments: arguments["n"]}, safety=Safety.UNSAFE)
    rig = Bench(drawn, tools=tools, authority=FixedAuthority({"pay": Verdict.ASK}))
    state = await rig.go([*range(MOST_OPEN + 20)])
    assert len(state.waiting()) == MOST_OPEN and tools.calls == []
    state = await answered(rig, 30)
    assert len(state.waiting()) == MOST_OPEN - 10 and len(tools.calls) == 30
    assert (await answered(rig, MOST_OPEN)).status is RunStatus.SUCCEEDED and len(tools.calls) == MOST_OPEN + 20


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 9),
    answers=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["approve", "reject"])), max_size=9),
    failing=st.sampled_from(["fail", "skip", "record"]),
)
@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_a06_no_more_are_open_than_may_be_and_the_run_always_ends(
    concurrency: int, count: int, answers: list[tuple[int, str]], failing: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "MOST_OPEN", 2)
        rig = Bench(asking_each(concurrency=concurrency, on_item_error=failing))
        state = await rig.go([*range(count)])
        for many, action in answers:
            if state.status is RunStatus.WAITING:
                state = await answered(rig, many, action)
        while state.status is RunStatus.WAITING:
            assert state.waiting(), "it waits for somebody"
            state = await answered(rig, 9)
    assert state.status.terminal and most_open(rig) <= 2
    assert Path("") not in state.open_effects
