"""Rest has one owner: live count, deadlines and slot are given back together and taken again together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.errors import ToolError
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import EffectStarted, Event
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools, ScriptedModel, calls
from tests.engine.execution.rough_world import counted_slots
from tests.graphs import approval, chain, edge, graph, node, one_agent, path


def mapped(body: list[dict[str, Any]], edges: list[dict[str, Any]], params: dict[str, Any] | None = None, **rest: Any) -> Graph:
    """A map `each` between input and output; `edges` are those of its body."""
    inner = [{**entry, "parent": "each"} for entry in body]
    nodes = [node("start", "input"), node("each", "map", params, **rest), *inner, node("end", "output")]
    return graph(nodes, [edge("start", "each"), *edges, edge("each", "end")])


async def answer_all(rig: Bench, state: RunState) -> RunState:
    """Answer whatever is asked until the run has ended."""
    while state.status is RunStatus.WAITING:
        runner = rig.runner()
        for place in runner.state.waiting():
            assert runner.deliver(place, {"action": "approve"}, "ann")
        state = await rig.go(None, runner)
    return state


async def test_failure_beside_a_person_who_is_asked_ends_the_run() -> None:
    async def check(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 2:
            await asyncio.sleep(0.01)
            raise ToolError("bad item")
        return "fine"

    body = [node("check", "tool", {"tool": "check", "arguments": {"n": "{{ item }}"}}), node("ask", "human")]
    document = mapped(body, [edge("each.item", "check"), edge("check", "ask"), edge("ask.approve", "each.result")])
    state = await Bench(document, tools=MemoryTools({"check": check})).go([1, 2])
    assert state.status is RunStatus.FAILED
    assert state.error is not None and state.error.message == "bad item"


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_branches_of_an_item_that_wait_give_its_slot_up_once(concurrency: int) -> None:
    at_work = most = 0

    async def busy(_arguments: dict[str, Json]) -> Json:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.002)
        at_work -= 1
        return 1

    asks = [node(name, "human") for name in "abc"]
    body = [*asks, node("meet", "join"), node("use", "tool", {"tool": "busy"})]
    edges = [edge("each.item", name) for name in "abc"] + [edge(f"{name}.approve", "meet") for name in "abc"]
    document = mapped(body, [*edges, edge("meet", "use"), edge("use", "each.result")], {"concurrency": concurrency})
    rig = Bench(document, tools=MemoryTools({"busy": busy}))
    state = await rig.go([1, 2, 3, 4, 5])
    assert len(state.waiting()) == 15
    state = await answer_all(rig, state)
    assert (state.status, state.output, most) == (RunStatus.SUCCEEDED, [1] * 5, concurrency)


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_answers_that_come_at_once_never_bring_more_to_work_than_may(concurrency: int) -> None:
    at_work = most = 0
    over = asyncio.Event()

    async def busy(_arguments: dict[str, Json]) -> Json:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.002)
        at_work -= 1
        return 1

    async def hold(_arguments: dict[str, Json]) -> Json:
        await over.wait()
        return None

    nodes = [node("start", "input"), node("each", "map", {"concurrency": concurrency}), node("end", "output")]
    nodes += [node("hold", "tool", {"tool": "hold"})]
    nodes += [*(node(name, "human", parent="each") for name in "abc"), node("meet", "join", parent="each")]
    nodes += [node("use", "tool", {"tool": "busy"}, parent="each")]
    edges = [edge("each.item", name) for name in "abc"] + [edge(f"{name}.approve", "meet") for name in "abc"]
    edges += [edge("start", "each"), edge("start", "hold"), edge("meet", "use"), edge("use", "each.result"), edge("each", "end")]
    rig = Bench(graph(nodes, edges), tools=MemoryTools({"busy": busy, "hold": hold}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go([1, 2, 3, 4, 5], runner))
    while len(runner.state.waiting()) < 15:
        await asyncio.sleep(0.001)
    for place in runner.state.waiting():
        assert runner.deliver(place, {"action": "approve"}, "ann")
    await asyncio.sleep(0.05)
    over.set()
    assert ((await going).output, most) == ([1] * 5, concurrency)


async def test_approval_of_a_tool_gives_its_slot_up() -> None:
    body = [node("pay", "tool", {"tool": "pay"})]
    document = mapped(body, [edge("each.item", "pay"), edge("pay", "each.result")], {"concurrency": 2})
    rig = Bench(document, tools=MemoryTools({"pay": lambda _: "paid"}), authority=FixedAuthority({"pay": Verdict.ASK}))
    state = await rig.go(list(range(6)))
    assert len(state.waiting()) == 6
    assert (await answer_all(rig, state)).output == ["paid"] * 6


async def test_waiting_for_a_person_takes_nothing_off_the_time_of_the_map_around() -> None:
    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.2)
        return "slow"

    nodes = [node("start", "input"), node("each", "map", timeout_s=0.05), node("ask", "human", parent="each")]
    nodes += [node("other", "tool", {"tool": "slow"}), node("both", "join"), node("end", "output", {"value": "size(input)"})]
    edges = [edge("start", "each"), edge("each.item", "ask"), edge("ask.approve", "each.result"), edge("start", "other")]
    rig = Bench(graph(nodes, [*edges, edge("each", "both"), edge("other", "both"), edge("both", "end")]), tools=MemoryTools({"slow": slow}))
    state = await rig.go([1, 2])
    assert state.status is RunStatus.WAITING, state.error
    assert (await answer_all(rig, state)).output == 2


async def test_map_whose_items_work_longer_than_its_time_is_stopped_while_another_waits() -> None:
    async def slow(arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0 if arguments["n"] == 1 else 60)
        return "slow"

    body = [node("use", "tool", {"tool": "slow", "arguments": {"n": "{{ item }}"}}), node("ask", "human")]
    edges = [edge("each.item", "use"), edge("use", "ask"), edge("ask.approve", "each.result")]
    state = await Bench(mapped(body, edges, timeout_s=0.05), tools=MemoryTools({"slow": slow})).go([1, 2])
    assert state.error is not None and state.error.code == "timeout"


async def test_time_goes_on_after_an_answer() -> None:
    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    model = ScriptedModel([calls(("pay", "{}")), calls(("slow", "{}"))])
    document = one_agent(tools=["pay", "slow"], limits={"max_seconds": 0.05})
    rig = Bench(
        document, model=model, tools=MemoryTools({"pay": lambda _: "paid", "slow": slow}), authority=FixedAuthority({"pay": Verdict.ASK})
    )
    state = await rig.go("x")
    assert state.status is RunStatus.WAITING
    state = await answer_all(rig, state)
    assert state.error is not None and state.error.code == "limit_exceeded" and "0.05 s" in state.error.message


async def test_waiting_for_a_person_takes_nothing_off_the_time_of_the_run() -> None:
    nodes = [node("start", "input"), node("ask", "human"), node("end", "output")]
    document = graph(nodes, [edge("start", "ask"), edge("ask.approve", "end")], limits={"max_seconds": 3})
    rig = Bench(document)
    state = await rig.go()
    rig.clock.time_us += 4_000_000
    assert (await answer_all(rig, state)).status is RunStatus.SUCCEEDED


async def test_time_that_former_workers_spent_counts() -> None:
    nodes = [node("start", "input"), node("ask", "human"), node("slow", "tool", {"tool": "slow"}), node("end", "output")]
    document = graph(nodes, [edge("start", "ask"), edge("ask.approve", "slow"), edge("slow", "end")], limits={"max_seconds": 3})

    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    rig = Bench(document, tools=MemoryTools({"slow": slow}))
    runner = rig.runner()
    state = await rig.go(None, runner)
    assert state.status is RunStatus.WAITING
    runner = rig.runner()
    runner.state.worked_us = 2_990_000
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
    state = await rig.go(None, runner)
    assert state.status is RunStatus.LIMIT_EXCEEDED


async def test_run_whose_time_is_used_up_gets_no_more_of_it() -> None:
    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.3)
        return "done"

    nodes = [node("ask", "human"), node("slow", "tool", {"tool": "slow"}), node("end", "output")]
    document = graph(nodes, [edge("ask.approve", "slow"), edge("slow", "end")], limits={"max_seconds": 3})
    rig = Bench(document, tools=MemoryTools({"slow": slow}))
    await rig.go()
    runner = rig.runner()
    runner.state.worked_us = 4_000_000
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
    assert (await rig.go(None, runner)).status is RunStatus.LIMIT_EXCEEDED


class Prompt(MemoryLog):
    """Somebody answers each question in the moment in which it is asked."""

    runner: Runner

    def append(self, events: Sequence[Event]) -> None:
        super().append(events)
        for event in events:
            if isinstance(event, EffectStarted) and event.waits:
                asyncio.get_running_loop().call_soon(self.runner.deliver, event.path, {"action": "approve"}, "ann")


async def test_answer_that_comes_as_the_run_is_about_to_leave_keeps_it() -> None:
    log = Prompt()
    rig = Bench(approval(), log=log)
    log.runner = rig.runner()
    state = await rig.go(1, log.runner)
    assert state.status is RunStatus.SUCCEEDED
    assert not [event for event in rig.log.events if event.type == "run_suspended"]


async def test_pause_that_is_taken_back_as_the_run_is_about_to_leave_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = (rig := Bench(chain(1))).runner()
    stop = runner._stop

    def stop_and_unpause(ending: Any) -> None:
        stop(ending)
        runner.unpause("ann")

    monkeypatch.setattr(runner, "_stop", stop_and_unpause)
    runner.pause("ann")
    state = await rig.go(1, runner)
    assert (state.status, state.output) == (RunStatus.SUCCEEDED, 2)
    assert not [event for event in rig.log.events if event.type in ("run_paused", "run_suspended")]


async def test_tool_that_raises_a_timeout_of_its_own_is_not_taken_for_the_nodes_time_limit() -> None:
    async def impatient(_arguments: dict[str, Json]) -> Json:
        raise TimeoutError("upstream")

    document = graph([node("start", "input"), node("t", "tool", {"tool": "t"}), node("end", "output")], path("start", "t", "end"))
    state = await Bench(document, tools=MemoryTools({"t": impatient})).finish()
    assert state.error is not None and state.error.message == "TimeoutError: upstream"


async def test_items_that_wait_in_line_never_begin_once_another_has_failed() -> None:
    def use(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 2:
            raise ToolError("bad item")
        return "fine"

    body = [node("use", "tool", {"tool": "use", "arguments": {"n": "{{ item }}"}})]
    rig = Bench(mapped(body, [edge("each.item", "use"), edge("use", "each.result")], {"concurrency": 1}), tools=MemoryTools({"use": use}))
    with counted_slots() as slots:
        state = await rig.finish(list(range(2000)))
    assert state.status is RunStatus.FAILED and len(rig.tools.calls) <= 4
    assert [(one.free, size) for one, size in slots] == [(1, 1)]


async def test_limit_of_the_run_ends_it_from_inside_a_body_whatever_the_map_says() -> None:
    body = [node("use", "transform", {"expression": "1"})]
    document = mapped(body, [edge("each.item", "use"), edge("use", "each.result")], {"on_item_error": "skip"})
    document = document.model_copy(update={"limits": document.limits.model_copy(update={"max_steps": 5})})
    assert (await Bench(document).finish([1, 2, 3, 4, 5])).status is RunStatus.LIMIT_EXCEEDED


async def test_failure_beside_an_item_that_was_stopped_by_a_pause_is_not_lost() -> None:
    release = asyncio.Event()

    async def check(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 2:
            await release.wait()
            raise ToolError("bad item")
        return "fine"

    body = [node("check", "tool", {"tool": "check", "arguments": {"n": "{{ item }}"}}), node("after", "tool", {"tool": "check"})]
    rig = Bench(
        mapped(body, [edge("each.item", "check"), edge("check", "after"), edge("after", "each.result")]),
        tools=MemoryTools({"check": check}),
    )
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go([1, 2], runner))
    await asyncio.sleep(0)
    runner.pause("ann")
    await asyncio.sleep(0.01)
    release.set()
    assert (await going).status in (RunStatus.FAILED, RunStatus.PAUSED)
    runner = rig.runner()
    if runner.state.status is RunStatus.PAUSED:
        runner.unpause("ann")
        await rig.go(None, runner)
    assert fold(rig.log.events).status is RunStatus.FAILED
