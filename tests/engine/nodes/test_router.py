"""Which way on a router chooses, what it records of it, and what an agent is asked that chooses."""

import json
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.model import Role
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.log.events import Decision
from orchestrator.engine.testing import Bench, ScriptedModel, says
from tests.graphs import edge, graph, node

AGENT = {"helper": {"name": "Helper", "model": "scripted", "output_schema": {"type": "string"}}}


def routed(routes: list[dict[str, Any]], **params: Any) -> Graph:
    """A router with one output for each route, named like it."""
    names = [route["name"] for route in routes]
    nodes = [node("start", "input"), node("pick", "router", {"routes": routes, **params})]
    nodes += [node(f"to_{name}", "output", {"value": f"['{name}', input]"}) for name in names]
    return graph(nodes, [edge("start", "pick"), *(edge(f"pick.{name}", f"to_{name}") for name in names)], agents=AGENT)


def decision(rig: Bench) -> Decision:
    [found] = [event for event in rig.log.events if isinstance(event, Decision)]
    return found


SIZES = [{"name": "big", "condition": "input > 10"}, {"name": "other"}, {"name": "huge", "condition": "input > 100"}]


@pytest.mark.parametrize(
    ("given", "chosen", "why"), [(500, "big", "input > 10"), (50, "big", "input > 10"), (5, "other", "no other route holds")]
)
async def test_first_route_that_holds_is_taken_and_one_without_a_condition_when_none_does(given: int, chosen: str, why: str) -> None:
    rig = Bench(routed(SIZES))
    assert (await rig.finish(given)).output == [chosen, given]
    made = decision(rig)
    assert (made.path, made.what, made.chosen, made.why) == ("pick#1/decision.1", "route", chosen, why)
    assert made.options == ("big", "other", "huge")


async def test_value_that_fits_no_route_fails_the_node_and_says_what_to_add() -> None:
    state = await Bench(routed([{"name": "big", "condition": "input > 10"}])).finish(1)
    assert state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.NO_ROUTE, "No route holds for this value")
    assert (state.error.cure, state.error.path) == ("Add a route without a condition; it is taken when no other is.", "pick#1")


async def test_condition_of_a_route_must_be_true_or_false() -> None:
    state = await Bench(routed([{"name": "a", "condition": "input"}])).finish(1)
    assert state.error is not None and "gave a number, expected true or false" in state.error.message


async def test_agent_that_chooses_is_told_the_question_and_what_each_route_means() -> None:
    routes = [{"name": "money", "description": "Bills and refunds"}, {"name": "other"}]
    model = ScriptedModel([says(json.dumps({"route": "other", "why": "Neither."}))])
    rig = Bench(routed(routes, mode="model", agent="helper", prompt="About {{ input }}"), model=model)
    assert (await rig.finish("cats")).output == ["other", "cats"]
    [request] = model.requests
    [asked] = [message.text for message in request.messages if message.role is Role.USER]
    assert asked == "About cats\n\nChoose exactly one route:\n- money: Bills and refunds\n- other"
    assert request.output_schema == {
        "type": "object",
        "properties": {
            "route": {"type": "string", "enum": ["money", "other"], "description": "The route that fits best"},
            "why": {"type": "string", "description": "One sentence of reason"},
        },
        "required": ["route", "why"],
        "additionalProperties": False,
    }
    assert (decision(rig).chosen, decision(rig).why) == ("other", "Neither.")


@pytest.mark.parametrize("reply", ['{"route": "nowhere", "why": "x"}', '{"route": "a"}', "a", '{"route": "a", "why": "x", "more": 1}'])
async def test_agent_that_names_no_route_is_corrected(reply: str) -> None:
    model = ScriptedModel([says(reply), says('{"route": "a", "why": "ok"}')])
    rig = Bench(routed([{"name": "a"}, {"name": "b"}], mode="model", agent="helper"), model=model)
    assert (await rig.finish(1)).output == ["a", 1]
    assert "Your answer cannot be used" in model.requests[1].messages[-1].text


async def test_conditions_are_not_looked_at_when_an_agent_chooses() -> None:
    model = ScriptedModel([says('{"route": "a", "why": "ok"}')])
    rig = Bench(routed([{"name": "a", "condition": "false"}, {"name": "b"}], mode="model", agent="helper"), model=model)
    assert (await rig.finish(1)).output == ["a", 1]


async def test_choice_is_recorded_once_though_the_step_is_gone_through_again() -> None:
    whole = Bench(routed(SIZES))
    await whole.finish(50)
    made = next(index for index, event in enumerate(whole.log.events) if event.type == "decision")
    rig = Bench(routed(SIZES))
    rig.log.events = whole.log.events[: made + 1]
    assert (await rig.finish(50)).output == ["big", 50]
    assert decision(rig).seq == made + 1
