"""A plan that is made, done step by step, looked at again, and changed by a person."""

import json
from typing import Any

import pytest

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Planned
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, Reply, ScriptedModel, calls, says
from tests.graphs import one_agent


def steps(*names: str) -> ModelReply:
    return says(json.dumps({"steps": list(names)}))


def again(*names: str, finished: bool = False, why: str = "as planned") -> ModelReply:
    return says(json.dumps({"why": why, "finished": finished, "steps": list(names)}))


def plan(*script: Reply, tools: dict[str, Any] | None = None, limits: dict[str, Any] | None = None, **strategy: Json) -> Bench:
    functions = tools or {}
    agent = one_agent(strategy={"type": "plan_and_execute", **strategy}, tools=list(functions), limits=limits or {})
    return Bench(agent, model=ScriptedModel(list(script)), tools=MemoryTools(functions))


def planned(rig: Bench) -> list[tuple[int, int, tuple[str, ...], str]]:
    notes = [event for event in rig.log.events if isinstance(event, Planned)]
    return [(note.revision, note.done, note.steps, note.why) for note in notes]


def last(request: ModelRequest) -> str:
    return request.messages[-1].text


async def test_each_step_knows_the_plan_and_what_was_found_before() -> None:
    rig = plan(steps("look", "count"), says("three cats"), again("count"), says("3"), again(finished=True), says("There are 3."))
    assert (await rig.finish("How many cats?")).output == "There are 3."
    _, first, _, second, _, answer = rig.model.requests
    assert "Do this step now, and only this one: look" in last(first) and "2. count" in last(first)
    assert "1. (done) look\n   Result: three cats" in last(second) and "only this one: count" in last(second)
    assert "2. (done) count\n   Result: 3" in last(answer)
    assert all(request.messages[1].text == "How many cats?" for request in rig.model.requests)
    assert planned(rig) == [
        (1, 0, ("look", "count"), ""),
        (1, 1, ("look", "count"), ""),
        (1, 2, ("look", "count"), ""),
    ]


async def test_paths_tell_the_part_of_the_plan() -> None:
    rig = plan(steps("look"), says("x"), again(finished=True), says("done"))
    await rig.finish("task")
    assert [event.path for event in rig.log.events if event.type == "effect_started"] == [
        "help#1/plan/model.1",
        "help#1/step.1/model.1",
        "help#1/replan.1/model.1",
        "help#1/answer/model.1",
    ]


async def test_a_plan_that_changes_says_why() -> None:
    rig = plan(steps("a", "b"), says("x"), again("c", "d", why="b is gone"), says("y"), again(finished=True, why="enough"), says("done"))
    assert (await rig.finish("task")).output == "done"
    assert planned(rig)[2:] == [
        (2, 1, ("a", "c", "d"), "b is gone"),
        (2, 2, ("a", "c", "d"), ""),
        (3, 2, ("a", "c"), "enough"),
    ]


async def test_without_looking_again_all_steps_are_done_in_order() -> None:
    rig = plan(steps("a", "b"), says("x"), says("y"), says("done"), replan=False)
    assert (await rig.finish("task")).output == "done" and len(rig.model.requests) == 4


async def test_a_step_that_failed_is_told_to_whoever_looks_at_the_plan() -> None:
    bad = [calls(("ghost", "{}"))] * 3
    rig = plan(steps("a"), *bad, again("b"), says("y"), again(finished=True), says("done"), tools={"note": lambda _: ""})
    assert (await rig.finish("task")).output == "done"
    assert "Result: This step failed: Helper: there is no tool 'ghost'" in last(rig.model.requests[4])


async def test_a_step_that_failed_fails_the_work_where_nobody_looks_again() -> None:
    rig = plan(steps("a"), *[says("")] * 3, replan=False)
    state = await rig.finish("task")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REPLY


async def test_a_plan_of_ten_thousand_steps_is_asked_for_again_shorter() -> None:
    rig = plan(steps(*[f"step {number}" for number in range(10_000)]), steps("one"), says("x"), again(finished=True), says("done"))
    assert (await rig.finish("task")).output == "done"
    assert "has more than 8 items" in last(rig.model.requests[1]) and len(last(rig.model.requests[1])) < 2_000
    assert planned(rig)[0] == (1, 0, ("one",), "")


async def test_a_model_that_insists_on_ten_thousand_steps_ends_with_the_reason() -> None:
    rig = plan(*[steps(*["more"] * 10_000)] * 3)
    state = await rig.finish("task")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REPLY and "has more than 8 items" in state.error.message


async def test_a_plan_that_always_grows_ends_at_its_steps() -> None:
    endless = [reply for _ in range(9) for reply in (says("x"), again("one more"))]
    state = await plan(steps("a"), *endless, max_steps=4).finish("task")
    assert state.error is not None and state.error.code is ErrorCode.LIMIT_EXCEEDED
    assert state.error.message == "Agent 'Helper' did 4 steps of its plan and has 1 more to do"


async def reviewed(rig: Bench, given: Json) -> RunState:
    state = await rig.go("task")
    [path] = state.waiting()
    assert path == "help#1/review.1/human.1"
    request = state.effects[path].request
    assert isinstance(request, dict) and request["payload"] == {"steps": ["a", "b"]}
    runner = rig.runner()
    assert runner.deliver(path, given, "ann", "7")
    return await rig.go(None, runner)


async def test_a_person_changes_the_plan_before_it_begins() -> None:
    rig = plan(steps("a", "b"), says("x"), again(finished=True), says("done"), review="first")
    state = await reviewed(rig, {"action": "edit", "value": {"steps": ["c"]}, "comment": "c is better"})
    assert state.output == "done" and "only this one: c" in last(rig.model.requests[1])
    assert planned(rig)[1] == (2, 0, ("c",), "c is better")
    assert [event.by for event in rig.log.events if isinstance(event, Planned)] == ["", "ann", ""]


async def test_a_person_lets_the_plan_stand() -> None:
    rig = plan(steps("a", "b"), says("x"), again(finished=True), says("done"), review="first")
    state = await reviewed(rig, {"action": "go_on"})
    assert state.output == "done" and "only this one: a" in last(rig.model.requests[1])


async def test_a_person_stops_the_plan() -> None:
    state = await reviewed(plan(steps("a", "b"), review="each"), {"action": "stop", "comment": "too dear"})
    assert state.status is RunStatus.FAILED and state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.REJECTED, "A person stopped the plan of Helper: too dear")


async def test_a_person_may_be_asked_before_each_step() -> None:
    rig = plan(steps("a", "b"), says("x"), again("b"), says("y"), again(finished=True), says("done"), review="each")
    await reviewed(rig, {"action": "go_on"})
    state = await rig.go("task")
    assert state.waiting() == ["help#1/review.2/human.1"]


@pytest.mark.parametrize("most", range(1, 6))
async def test_all_parts_of_the_work_share_one_limit(most: int) -> None:
    rig = plan(steps("a"), says("x"), again("b"), says("y"), again(finished=True), says("done"), limits={"max_iterations": most})
    state = await rig.finish("task")
    assert state.error is not None and state.error.code is ErrorCode.LIMIT_EXCEEDED and len(rig.model.requests) == most


async def test_corrections_are_shared_too() -> None:
    rig = plan(says("no plan"), steps("a"), says(""), says("x"), says("no json"), limits={"max_repairs": 2})
    state = await rig.finish("task")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REPLY and len(rig.model.requests) == 5
