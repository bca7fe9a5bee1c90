"""The demo model plans by counting: every way of planning runs with it, and what it says comes from its input."""

import json
from typing import Any

import pytest

from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.graphs import one_agent

TASK = "What is 12 * 7? Then look up the status of order O-1; write both down."
WAYS: list[dict[str, Any]] = [
    {"type": "direct"},
    {"type": "react"},
    {"type": "plan_and_execute"},
    {"type": "plan_and_execute", "replan": False},
    {"type": "tree_of_thoughts", "depth": 2},
    {"type": "tree_of_thoughts", "search": "depth_first"},
    {"type": "tree_of_thoughts", "depth": 2, "evaluate": "vote", "generate": "sample"},
    {"type": "reflection"},
]


async def run(strategy: dict[str, Any], task: str = TASK, **agent: Any) -> Bench:
    document = one_agent(strategy=strategy, tools=["calculator"], model="demo/instant", instructions="Help.", **agent)
    rig = Bench(document, model=DemoModel(), tools=toolbox(files={}))  # type: ignore[arg-type]
    state = await rig.go(task)
    assert state.status is RunStatus.SUCCEEDED, state.error
    assert not [event for event in rig.log.events if isinstance(event, ev.Correction)]
    return rig


def noted(rig: Bench, kind: type[Any]) -> list[Any]:
    return [event for event in rig.log.events if isinstance(event, kind)]


@pytest.mark.parametrize("strategy", WAYS, ids=json.dumps)
async def test_every_way_of_planning_comes_to_an_answer_without_a_correction(strategy: dict[str, Any]) -> None:
    rig = await run(strategy)
    assert "84" in str(rig.runner().state.output)


@pytest.mark.parametrize("strategy", WAYS, ids=json.dumps)
async def test_so_it_does_with_an_answer_in_a_given_form(strategy: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    assert "answer" in (await run(strategy, output_schema=schema)).runner().state.output  # type: ignore[operator]


async def test_steps_are_the_parts_of_the_task_and_each_is_done() -> None:
    plans = noted(await run({"type": "plan_and_execute"}), ev.Planned)
    assert plans[0].steps == ("What is 12 * 7?", "Then look up the status of order O-1", "write both down")
    assert [plan.done for plan in plans] == [0, 1, 2, 3]
    [only] = noted(await run({"type": "plan_and_execute"}, "2 + 2"), ev.Planned)[:1]
    assert only.steps == ("2 + 2",)


async def test_thoughts_are_parts_of_the_task_that_were_not_thought_of_yet() -> None:
    thoughts = noted(await run({"type": "tree_of_thoughts", "depth": 3}), ev.Considered)
    assert {thought.text for thought in thoughts} <= {"What is 12 * 7?", "Then look up the status of order O-1", "write both down"}
    for thought in thoughts:
        line = [other.text for other in thoughts if thought.thought.startswith(f"{other.thought}.")]
        assert thought.text not in line


async def test_an_answer_is_worth_what_it_has_of_the_task() -> None:
    [seen] = noted(await run({"type": "reflection"}), ev.Reflected)[:1]
    assert not seen.good and seen.score < 0.7 and "order" in seen.critique and "order" in seen.lesson
    [good] = noted(await run({"type": "reflection"}, "12 * 7"), ev.Reflected)[:1]
    assert good.good and good.score >= 0.7


async def test_a_tool_is_used_with_the_reason_for_it() -> None:
    [thought] = noted(await run({"type": "react"}), ev.Thought)
    assert "calculator" in thought.text
