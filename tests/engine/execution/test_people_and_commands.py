"""People in a run, and what can be done to a run from outside: answer, pause, cancel, time."""

import asyncio

import pytest

from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import NodeStatus, RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, ScriptedModel, says
from tests.graphs import approval, edge, graph, node, one_agent, path

ASK = Path("ask#1/human.1")


async def test_waiting_run_leaves_its_worker_and_goes_on_with_the_answer() -> None:
    rig = Bench(approval(payload="input"))
    state = await rig.go({"n": 1})
    assert (state.status, state.waiting()) == (RunStatus.WAITING, [ASK])
    runner = rig.runner()
    assert runner.deliver(ASK, {"action": "approve", "comment": "fine"}, "ann")
    state = await rig.go(None, runner)
    assert state.output == {"action": "approve", "value": {"n": 1}, "comment": "fine"}
    assert next(event.by for event in rig.log.events if event.type == "effect_finished") == "ann"


async def test_each_button_leads_to_its_own_port() -> None:
    rig = Bench(approval())
    await rig.go(1)
    runner = rig.runner()
    runner.deliver(ASK, {"action": "reject"}, "ann")
    assert (await rig.go(1, runner)).output == "rejected"


async def test_edited_value_goes_on_and_must_fit_the_form() -> None:
    form: dict[str, Json] = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
    for value, expected in (({"reply": "hi"}, RunStatus.SUCCEEDED), ({"reply": 3}, RunStatus.FAILED)):
        rig = Bench(approval(answer_schema=form))
        await rig.go(1)
        runner = rig.runner()
        runner.deliver(ASK, {"action": "approve", "value": value}, "ann")
        assert (await rig.go(1, runner)).status is expected


async def test_unanswered_question_expires_and_takes_its_own_port() -> None:
    document = graph(
        [
            node("start", "input"),
            node("ask", "human", {"deadline_s": 600}),
            node("yes", "output"),
            node("late", "output", {"value": "'late'"}),
        ],
        [edge("start", "ask"), edge("ask.approve", "yes"), edge("ask.expired", "late")],
    )
    rig = Bench(document)
    state = await rig.go()
    assert state.status is RunStatus.WAITING and state.wake_at_us is not None
    rig.clock.time_us = state.wake_at_us + 1
    assert (await rig.go()).output == "late"


async def test_long_wait_leaves_the_worker_and_a_short_one_does_not() -> None:
    document = graph([node("start", "input"), node("w", "wait", {"seconds": 0.01}), node("end", "output")], path("start", "w", "end"))
    assert (await Bench(document).finish("x")).output == "x"
    long = graph([node("start", "input"), node("w", "wait", {"seconds": 3600}), node("end", "output")], path("start", "w", "end"))
    rig = Bench(long)
    state = await rig.go("x")
    assert state.status is RunStatus.WAITING
    assert state.wake_at_us is not None and abs(state.wake_at_us - rig.clock.time_us - 3_600_000_000) < 1_000_000
    rig.clock.time_us += 3_700_000_000
    assert (await rig.go("x")).output == "x"


async def test_other_branches_go_on_while_one_waits() -> None:
    document = graph(
        [
            node("start", "input"),
            node("ask", "human"),
            node("other", "tool", {"tool": "note"}),
            node("both", "join"),
            node("end", "output"),
        ],
        [edge("start", "ask"), edge("start", "other"), edge("ask.approve", "both"), edge("other", "both"), edge("both", "end")],
    )
    rig = Bench(document, tools=MemoryTools({"note": lambda _arguments: "noted"}))
    state = await rig.go()
    assert state.status is RunStatus.WAITING
    assert state.scopes[fold([]).scopes.__iter__().__next__()].activations["other"][1].status is NodeStatus.SUCCEEDED


async def test_answer_while_other_branches_are_at_work_is_taken_at_once() -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        started.set()
        await finish.wait()
        return "slow"

    document = graph(
        [node("start", "input"), node("ask", "human"), node("s", "tool", {"tool": "slow"}), node("both", "join"), node("end", "output")],
        [edge("start", "ask"), edge("start", "s"), edge("ask.approve", "both"), edge("s", "both"), edge("both", "end")],
    )
    rig = Bench(document, tools=MemoryTools({"slow": slow}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await started.wait()
    assert runner.deliver(ASK, {"action": "approve"}, "ann")
    finish.set()
    assert (await going).status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_items_that_wait_for_people_do_not_hold_up_the_others(concurrency: int) -> None:
    body = [node("ask", "human", parent="each")]
    document = graph(
        [
            node("start", "input"),
            node("each", "map", {"concurrency": concurrency}),
            *body,
            node("end", "output", {"value": "input.map(a, a.value)"}),
        ],
        [edge("start", "each"), edge("each.item", "ask"), edge("ask.approve", "each.result"), edge("each", "end")],
    )
    rig = Bench(document)
    state = await rig.go([1, 2, 3, 4, 5])
    assert len(state.waiting()) == 5
    for path_ in reversed(state.waiting()):
        runner = rig.runner()
        assert runner.deliver(path_, {"action": "approve"}, "ann")
        state = await rig.go(None, runner)
    assert (state.status, state.output) == (RunStatus.SUCCEEDED, [1, 2, 3, 4, 5])


async def test_cancel_ends_a_run_that_works_and_one_that_waits() -> None:
    rig = Bench(one_agent(), model=ScriptedModel([says("late")], delay_s=60))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go("x", runner))
    await asyncio.sleep(0.01)
    runner.cancel("ann", "changed my mind")
    assert (await going).status is RunStatus.CANCELLED
    waiting = Bench(approval())
    await waiting.go()
    runner = waiting.runner()
    runner.cancel("ann", "")
    assert (await waiting.go(None, runner)).status is RunStatus.CANCELLED
    assert not runner.deliver(ASK, {"action": "approve"}, "bob"), "a cancelled run takes no answers"


async def test_pause_lets_what_is_under_way_end_and_begins_nothing_new() -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        started.set()
        await finish.wait()
        return "done"

    document = graph(
        [node("start", "input"), node("a", "tool", {"tool": "slow"}), node("b", "tool", {"tool": "slow"}), node("end", "output")],
        path("start", "a", "b", "end"),
    )
    rig = Bench(document, tools=MemoryTools({"slow": slow}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await started.wait()
    runner.pause("ann")
    finish.set()
    assert (await going).status is RunStatus.PAUSED
    assert len(rig.tools.calls) == 1
    assert (await rig.go()).status is RunStatus.PAUSED, "a paused run stays paused whoever takes it up"
    again = rig.runner()
    again.unpause("ann")
    assert (await rig.go(None, again)).status is RunStatus.SUCCEEDED
    assert len(rig.tools.calls) == 2


async def test_paused_run_takes_answers_and_stays_paused() -> None:
    rig = Bench(approval())
    await rig.go(5)
    runner = rig.runner()
    runner.pause("ann")
    assert (await rig.go(5, runner)).status is RunStatus.PAUSED
    runner = rig.runner()
    assert runner.deliver(ASK, {"action": "approve"}, "ann")
    assert (await rig.go(5, runner)).status is RunStatus.PAUSED
    runner = rig.runner()
    runner.unpause("ann")
    assert (await rig.go(5, runner)).status is RunStatus.SUCCEEDED


async def test_unsafe_effect_of_unknown_outcome_asks_a_person_and_is_not_repeated() -> None:
    document = graph([node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("end", "output")], path("start", "pay", "end"))
    for action, value, expected, calls in (("happened", "receipt", "receipt", 0), ("again", None, "paid", 1), ("fail", None, None, 0)):
        whole = Bench(document, tools=MemoryTools({"pay": lambda _arguments: "paid"}, safety=Safety.UNSAFE))
        await whole.finish()
        started = next(i for i, event in enumerate(whole.log.events) if event.type == "effect_started")
        rig = Bench(document, tools=MemoryTools({"pay": lambda _arguments: "paid"}, safety=Safety.UNSAFE))
        rig.log.events = whole.log.events[: started + 1]
        state = await rig.go()
        assert state.status is RunStatus.WAITING and rig.tools.calls == []
        runner = rig.runner()
        assert runner.deliver(state.waiting()[0], {"action": action, "value": value}, "ann")
        state = await rig.go(None, runner)
        assert (state.output, len(rig.tools.calls)) == (expected, calls)


async def test_run_stops_at_its_time_limit() -> None:
    document = one_agent().model_copy(update={"limits": one_agent().limits.model_copy(update={"max_seconds": 0.02})})
    state = await Bench(document, model=ScriptedModel([says("late")], delay_s=60)).finish("x")
    assert state.status is RunStatus.LIMIT_EXCEEDED


async def test_shutdown_leaves_the_log_as_it_is() -> None:
    rig = Bench(one_agent(), model=ScriptedModel([says("late")], delay_s=60))
    going = asyncio.ensure_future(rig.go("x"))
    await asyncio.sleep(0.01)
    before = len(rig.log.events)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert len(rig.log.events) == before and not fold(rig.log.events).status.terminal
    rig.model.delay_s = 0
    assert (await rig.go("x")).output == "late"
