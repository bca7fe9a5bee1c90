"""An agent asks a person: the run waits without a worker, and the agent goes on with what was answered."""

import json
from typing import Any

import pytest

from orchestrator.engine.agents.host_tools.ask_person import SPEC
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, ScriptedModel, calls, says
from tests.graphs import one_agent

ASKED = Path("help#1/turn.1.call.0/human.1")


class Tools(MemoryTools):
    def spec(self, name: str) -> ToolSpec | None:
        return SPEC if name == SPEC.name else super().spec(name)


def desk(**arguments: Json) -> Bench:
    script = [calls(("ask_person", json.dumps(arguments))), says("thanks")]
    return Bench(one_agent(tools=["ask_person"]), model=ScriptedModel(script), tools=Tools())  # type: ignore[arg-type]


async def answered(rig: Bench, **answer: Json) -> str:
    """What the agent is told, once the run has waited, left its worker and come back."""
    assert (await rig.go("task")).status is RunStatus.WAITING
    runner = rig.runner()
    assert runner.deliver(ASKED, {"action": "answer", **answer}, "Ann", "u1")
    state = await rig.go("task", runner)
    assert state.status is RunStatus.SUCCEEDED and rig.tools.calls == [], "no tool of the host was called"
    return rig.model.requests[1].messages[-1].text


def question(state: RunState) -> Any:
    return state.effects[ASKED].request


async def test_the_agent_goes_on_with_what_the_person_wrote() -> None:
    assert await answered(desk(question="Which size?"), value="Large", comment="and red") == "The person answers: Large They add: and red"


async def test_the_person_is_shown_who_asks_what_and_a_field_to_write_in() -> None:
    state = await desk(question="Which size?").go("task")
    asked = question(state)
    assert asked["mode"] == "question" and asked["title"].endswith("asks: Which size?") and asked["message"] == "Which size?"
    assert asked["answer_schema"]["type"] == "string" and [way["name"] for way in asked["actions"]] == ["answer", "decline"]
    assert len(asked["digest"]) == 64


async def test_choices_are_buttons_and_the_agent_is_told_the_words_of_the_one_pressed() -> None:
    rig = desk(question="Which?", choices=["Hotel Sole", "Hotel Luna"])
    assert await answered(rig, action="choice_2") == "The person answers: Hotel Luna"
    asked = question(rig.runner().state)
    assert [way["title"] for way in asked["actions"]] == ["Hotel Sole", "Hotel Luna", "I cannot say"] and asked.get("answer_schema") is None


@pytest.mark.parametrize("answer", [{"action": "decline"}, {"value": ""}, {"value": "  "}, {"value": None}])
async def test_who_cannot_say_lets_the_agent_go_on_without(answer: dict[str, Json]) -> None:
    told = await answered(desk(question="Why?"), **answer)
    assert told == "The person cannot say. Go on without an answer, and say that you had none."


async def test_question_that_nobody_answered_in_time_tells_the_agent_so() -> None:
    rig = desk(question="Why?", wait_s=60)
    assert (await rig.go("task")).status is RunStatus.WAITING
    rig.clock.time_us += 61_000_000
    assert (await rig.go("task")).status is RunStatus.SUCCEEDED
    told = rig.model.requests[1].messages[-1].text
    assert told == "Nobody answered within 60 s. Go on without an answer, and say that you had none."


BAD: list[dict[str, Json]] = [
    {},
    {"question": ""},
    {"question": 7},
    {"question": "?", "choices": ["a"] * 2},
    {"question": "?", "choices": [str(number) for number in range(9)]},
    {"question": "?", "wait_s": 0},
    {"question": "?", "wait_s": "long"},
    {"question": "?", "approve": True},
]


@pytest.mark.parametrize("arguments", BAD)
async def test_a_question_that_is_none_is_corrected_and_reaches_nobody(arguments: dict[str, Json]) -> None:
    rig = desk(**arguments)
    state = await rig.finish("task")
    assert state.status is RunStatus.SUCCEEDED and [one.kind for one in state.effects.values()] == ["model", "model"]
    assert rig.model.requests[1].messages[-1].text.startswith("Error: the arguments of ask_person do not fit")


async def test_several_questions_of_a_turn_are_asked_at_once() -> None:
    rig = desk(question="1?")
    rig.model.script[0] = calls(("ask_person", '{"question": "1?"}'), ("ask_person", '{"question": "2?"}'))
    state = await rig.go("task")
    assert state.status is RunStatus.WAITING and len(state.waiting()) == 2


async def test_a_replay_over_the_whole_log_asks_nobody_again() -> None:
    rig = desk(question="Which size?")
    await answered(rig, value="Large")
    before = len(rig.log.events)
    assert rig.runner().state.status is RunStatus.SUCCEEDED and len(rig.log.events) == before
