"""A runner from its claim to its stop: what it records, when it leaves, and that it does nothing to a run that is over."""

import asyncio

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import ToolError
from orchestrator.engine.execution import runner as runner_module
from orchestrator.engine.execution import scope_run
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.events import NodeSkipped, RunClaimed, RunSuspended
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.graphs import approval, chain, edge, graph, node, path

ASK = Path("ask#1/human.1")


def waiting(*seconds: float) -> Graph:
    """Waits side by side."""
    names = [f"w{index}" for index in range(len(seconds))]
    nodes = [node("start", "input"), *(node(name, "wait", {"seconds": each}) for name, each in zip(names, seconds, strict=True))]
    edges = [edge("start", name) for name in names] + [edge(name, "all") for name in names] + [edge("all", "end")]
    return graph([*nodes, node("all", "join"), node("end", "output")], edges)


async def test_first_claim_is_preceded_by_the_start_and_a_later_one_is_not() -> None:
    rig = Bench(approval())
    await rig.go({"n": 1})
    await rig.go({"n": 2})
    assert [event.type for event in rig.log.events if event.type in ("run_started", "run_claimed")] == [
        "run_started",
        "run_claimed",
        "run_claimed",
    ]
    assert fold(rig.log.events).input == {"n": 1}, "what the run was started with stays"


async def test_run_that_is_over_is_left_as_it_is() -> None:
    rig = Bench(chain(1))
    await rig.finish(1)
    events = list(rig.log.events)
    runner = rig.runner()
    assert await runner.run(9, RunClaimed(worker="w", epoch=7, cause="takeover")) is RunStatus.SUCCEEDED
    runner.cancel("ann", "")
    runner.pause("ann")
    runner.unpause("ann")
    assert rig.log.events == events and runner.at_work == 0
    assert runner.deliver(ASK, {"action": "approve"}, "ann") is False


async def test_answer_to_what_does_not_wait_is_not_taken() -> None:
    rig = Bench(approval())
    await rig.go(1)
    runner = rig.runner()
    for place in (Path("nobody#1/human.1"), Path("ask#1"), Path("ask#1/human.2")):
        assert runner.deliver(place, {"action": "approve"}, "ann") is False
    assert runner.deliver(ASK, {"action": "approve"}, "ann") is True
    assert runner.deliver(ASK, {"action": "reject"}, "bob") is False


async def test_run_that_is_cancelled_before_its_worker_began_does_nothing() -> None:
    tools = MemoryTools({"t": lambda _: "done"})
    document = graph([node("start", "input"), node("t", "tool", {"tool": "t"}), node("end", "output")], path("start", "t", "end"))
    rig = Bench(document, tools=tools)
    runner = rig.runner()
    runner.cancel("ann", "a mistake")
    state = await rig.go(1, runner)
    assert (state.status, tools.calls) == (RunStatus.CANCELLED, [])
    assert [event.type for event in rig.log.events] == ["run_started", "run_claimed", "run_cancelled"]


async def test_run_that_only_waits_says_for_what_and_wakes_at_the_earliest_time() -> None:
    rig = Bench(waiting(7200, 3600, 5400))
    state = await rig.go()
    [left] = [event for event in rig.log.events if isinstance(event, RunSuspended)]
    assert left.waiting_on == ("w0#1/timer.1", "w1#1/timer.1", "w2#1/timer.1")
    assert state.wake_at_us is not None and abs(state.wake_at_us - rig.clock.time_us - 3_600_000_000) < 1000
    assert left.wake_at_us == state.wake_at_us


async def test_time_of_what_was_cut_off_wakes_nobody() -> None:
    """A failure ends the item that waits for an hour; then the run waits for two."""

    async def fail(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.01)
        raise ToolError("no")

    nodes = [node("start", "input"), node("each", "map", {"on_item_error": "skip"}), node("end", "output")]
    nodes += [node("hour", "wait", {"seconds": 3600}, parent="each"), node("fail", "tool", {"tool": "fail"}, parent="each")]
    nodes += [node("two", "wait", {"seconds": 7200})]
    inner = [edge("each.item", "hour"), edge("each.item", "fail"), edge("hour", "each.result"), edge("fail", "each.result")]
    rig = Bench(graph(nodes, [*path("start", "each", "two", "end"), *inner]), tools=MemoryTools({"fail": fail}))
    state = await rig.go([1])
    assert state.wake_at_us is not None and abs(state.wake_at_us - rig.clock.time_us - 7_200_000_000) < 1000


async def test_run_that_waits_for_a_person_alone_has_no_time_to_wake() -> None:
    state = await Bench(approval()).go(1)
    assert (state.status, state.wake_at_us) == (RunStatus.WAITING, None)


@pytest.mark.parametrize(("short", "status"), [(1.0, RunStatus.SUCCEEDED), (0.001, RunStatus.WAITING)])
async def test_time_that_comes_soon_is_waited_for_in_place(short: float, status: RunStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "SHORT_WAIT_S", short)
    assert (await Bench(waiting(0.02)).go(1)).status is status


async def test_run_stays_as_long_as_the_earliest_time_comes_soon() -> None:
    rig = Bench(waiting(0.01, 3600))
    state = await rig.go(1)
    assert state.status is RunStatus.WAITING
    assert [path for path, effect in state.effects.items() if effect.status == "succeeded"] == ["w0#1/timer.1"]


async def test_time_that_has_come_while_nobody_had_the_run_is_taken_at_once() -> None:
    rig = Bench(waiting(3600))
    state = await rig.go("x")
    assert state.wake_at_us is not None
    rig.clock.time_us = state.wake_at_us
    assert (await rig.go("x")).status is RunStatus.SUCCEEDED


async def test_early_waking_changes_nothing_about_when_the_time_comes() -> None:
    rig = Bench(waiting(3600))
    first = (await rig.go("x")).wake_at_us
    rig.clock.time_us += 1_000_000
    state = await rig.go("x")
    assert (state.status, state.wake_at_us) == (RunStatus.WAITING, first)


async def test_long_line_of_nodes_that_wait_for_nothing_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has many runs on one loop."""
    turns = 0
    done = asyncio.Event()

    async def others() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(scope_run, "TURN_S", 1e9)
    task = asyncio.ensure_future(others())
    await Bench(chain(10 * scope_run.TURN_NODES)).finish(0)
    done.set()
    await task
    assert turns >= 10


async def test_pause_is_recorded_once_everything_under_way_has_ended() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        begun.set()
        await release.wait()
        return "done"

    nodes = [node("start", "input"), node("t", "tool", {"tool": "slow"}), node("after", "wait", {"seconds": 0}), node("end", "output")]
    rig = Bench(graph(nodes, path("start", "t", "after", "end")), tools=MemoryTools({"slow": slow}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await begun.wait()
    runner.pause("ann")
    assert runner.at_work and runner.state.status is RunStatus.RUNNING
    release.set()
    state = await going
    assert (state.status, runner.at_work) == (RunStatus.PAUSED, 0)
    assert [event.type for event in rig.log.events[-2:]] == ["node_finished", "run_paused"], "the next node has not begun"


async def test_run_that_is_paused_while_it_waits_in_place_leaves_at_once() -> None:
    rig = Bench(waiting(1.5))
    going = asyncio.ensure_future(rig.go(None, runner := rig.runner()))
    while not runner.state.waiting():
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)
    runner.pause("ann")
    state = await asyncio.wait_for(going, 1)
    assert state.status is RunStatus.PAUSED
    assert [event.by for event in rig.log.events if event.type == "run_paused"] == ["ann"]


async def test_paused_run_that_is_taken_up_stays_paused_until_somebody_lets_it_go_on() -> None:
    rig = Bench(approval())
    await rig.go(1)
    runner = rig.runner()
    runner.pause("ann")
    assert (await rig.go(1, runner)).status is RunStatus.PAUSED
    assert (await rig.go(1)).status is RunStatus.PAUSED
    runner = rig.runner()
    runner.unpause("bob")
    assert (await rig.go(1, runner)).status is RunStatus.WAITING
    assert [event.by for event in rig.log.events if event.type == "run_unpaused"] == ["bob"]


async def test_input_is_held_against_its_form_before_any_node_begins() -> None:
    document = chain(1).model_copy(update={"inputs": {"type": "integer"}})
    rig = Bench(document)
    state = await rig.finish("x")
    assert [event.type for event in rig.log.events] == ["run_started", "run_claimed", "run_failed"]
    assert state.error is not None and state.error.message == 'The input does not fit the graph: "x" is not of type "integer"'


async def test_node_that_is_passed_by_is_told_at_its_place() -> None:
    nodes = [node("start", "input"), node("each", "map"), *(node(name, "transform", parent="each") for name in "ab"), node("end", "output")]
    inner = [edge("each.item", "a"), edge("a", "b", condition="false"), edge("b", "each.result")]
    rig = Bench(graph(nodes, [*path("start", "each", "end"), *inner]))
    await rig.finish([7])
    [skipped] = [event for event in rig.log.events if isinstance(event, NodeSkipped)]
    assert (skipped.path, skipped.scope, skipped.node, skipped.activation) == ("each#1/item.0/b#1", "each#1/item.0", "b", 1)
