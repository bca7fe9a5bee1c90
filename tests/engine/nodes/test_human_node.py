"""What a person is asked by a human node, and what becomes of each answer."""

from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.events import Decision
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.graphs import edge, graph, node

ASK = Path("ask#1/human.1")
BUTTONS: list[Json] = [
    {"name": "approve", "title": "Approve", "style": "primary"},
    {"name": "reject", "title": "Reject", "style": "danger"},
]


def asking(**params: Any) -> Graph:
    """Every port of the question leads to an output of its own."""
    names = [action["name"] for action in params.get("actions", BUTTONS)] + ["expired"]
    nodes = [node("start", "input"), node("ask", "human", params), *(node(f"to_{name}", "output") for name in names)]
    return graph(nodes, [edge("start", "ask"), *(edge(f"ask.{name}", f"to_{name}") for name in names)])


async def asked(rig: Bench, given: Json = None) -> dict[str, Any]:
    """What the question says."""
    state = await rig.go(given)
    assert state.waiting() == [ASK]
    request = state.effects[ASK].request
    assert isinstance(request, dict)
    return request


async def answered(rig: Bench, answer: Json) -> RunState:
    runner = rig.runner()
    assert runner.deliver(ASK, answer, "ann", "7")
    return await rig.go(None, runner)


async def test_question_of_which_nothing_is_said_shows_the_input_and_two_buttons() -> None:
    request = await asked(Bench(asking()), {"n": 1})
    assert request == {
        "mode": "review",
        "title": "Please look at this",
        "message": "",
        "payload": {"n": 1},
        "actions": [{**button, "takes_value": True} for button in BUTTONS],  # type: ignore[dict-item]  # objects
        "answer_schema": None,
        "digest": digest(["ask#1", {"n": 1}]),
        "tool": "",
        "deadline_us": None,
    }


async def test_question_is_asked_in_the_words_and_with_the_values_of_the_run() -> None:
    params = {"mode": "question", "title": "For {{ input.who }}", "message": "About {{ input.n }}", "payload": "input.n * 2"}
    request = await asked(Bench(asking(**params, answer_schema={"type": "integer"})), {"who": "Ann", "n": 4})
    assert (request["mode"], request["title"], request["message"], request["payload"]) == ("question", "For Ann", "About 4", 8)
    assert request["answer_schema"] == {"type": "integer"}


async def test_long_title_is_cut() -> None:
    assert (await asked(Bench(asking(title="{{ input }}")), "t" * 400))["title"] == "t" * 300


async def test_two_questions_about_the_same_are_bound_to_their_own_place() -> None:
    one, other = asking(), asking(payload="1")
    assert (await asked(Bench(one), 1))["digest"] == (await asked(Bench(other), 1))["digest"] != (await asked(Bench(one), 2))["digest"]


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ({"action": "approve"}, {"action": "approve", "value": 5, "comment": ""}),
        ({"action": "approve", "value": 6, "comment": "better"}, {"action": "approve", "value": 6, "comment": "better"}),
        ({"action": "reject", "value": None}, {"action": "reject", "value": 5, "comment": ""}),
        ({"action": "reject", "value": False}, {"action": "reject", "value": False, "comment": ""}),
        ({"action": "approve", "value": 0}, {"action": "approve", "value": 0, "comment": ""}),
    ],
)
async def test_answer_leaves_by_its_button_with_the_value_it_brought_or_the_one_that_was_shown(answer: Json, output: Json) -> None:
    rig = Bench(asking())
    await asked(rig, 5)
    state = await answered(rig, answer)
    assert isinstance(output, dict) and (state.output, state.status) == (output, RunStatus.SUCCEEDED)
    [made] = [event for event in rig.log.events if isinstance(event, Decision)]
    assert (made.what, made.chosen, made.why, made.options) == ("answer", output["action"], output["comment"], ("approve", "reject"))
    finished = next(event for event in rig.log.events if event.type == "effect_finished")
    assert (finished.by, finished.by_id) == ("ann", "7")


async def test_buttons_are_those_of_the_node() -> None:
    rig = Bench(asking(actions=[{"name": "fine", "title": "Fine"}]))
    assert (await asked(rig))["actions"] == [{"name": "fine", "title": "Fine", "style": "quiet", "takes_value": True}]
    assert (await answered(rig, {"action": "fine"})).output == {"action": "fine", "value": None, "comment": ""}


@pytest.mark.parametrize(
    ("params", "answer", "words"),
    [
        ({}, {"action": "maybe"}, "Answer 'maybe', expected one of approve, reject"),
        ({}, {"action": "expired"}, "Answer 'expired', expected one of approve, reject"),
        ({"deadline_s": 9}, {"action": "maybe"}, "Answer 'maybe', expected one of approve, reject, expired"),
        (
            {"answer_schema": {"type": "integer"}},
            {"action": "approve", "value": "x"},
            'The answer does not fit the form: "x" is not of type "integer"',
        ),
    ],
)
async def test_answer_that_fits_neither_buttons_nor_form_fails_the_node(params: dict[str, Any], answer: Json, words: str) -> None:
    rig = Bench(asking(**params))
    await asked(rig, 1)
    state = await answered(rig, answer)
    assert state.error is not None and (state.error.code, state.error.message) == (ErrorCode.INVALID_INPUT, words)


async def test_value_that_nobody_changed_is_not_held_against_the_form() -> None:
    rig = Bench(asking(answer_schema={"type": "integer"}))
    await asked(rig, "not a number")
    state = await answered(rig, {"action": "approve"})
    assert isinstance(state.output, dict) and state.output["value"] == "not a number"


async def test_question_that_expires_says_by_when_and_leaves_by_its_own_port() -> None:
    rig = Bench(asking(deadline_s=600))
    request = await asked(rig, 5)
    begun = next(event for event in rig.log.events if event.type == "effect_started")
    assert abs(request["deadline_us"] - begun.at_us - 600_000_000) <= 2
    rig.clock.time_us = request["deadline_us"] + 1
    assert (await rig.go(5)).output == {"action": "expired", "value": 5, "comment": ""}
    [made] = [event for event in rig.log.events if isinstance(event, Decision)]
    assert (made.chosen, made.options) == ("expired", ("approve", "reject", "expired"))
