"""What a model asks for in one turn: looked at whole before anything is done."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.agents.offered_tool import HostTool
from orchestrator.engine.agents.tool_requests import check, turn_fault
from orchestrator.engine.effects.model import ToolRequest
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json
from tests.engine.in_place import at_once, fault_in

PARAMETERS: dict[str, Json] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def offered(name: str, parameters: dict[str, Json]) -> HostTool:
    return HostTool(ToolSpec(name=name, description=name, parameters=parameters), "ann", (name,))


TOOLS = {"weather": offered("weather", PARAMETERS), "clock": offered("clock", {}), "any": offered("any", {"type": ["object", "array"]})}


def asked(name: str, arguments: str, id_: str = "1") -> ToolRequest:
    return ToolRequest(id=id_, name=name, arguments=arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "read"),
    [("weather", '{"city": "Hue"}', {"city": "Hue"}), ("clock", "", {}), ("clock", "{}", {}), ("clock", ' {"a": [1]} ', {"a": [1]})],
)
def test_request_that_fits_comes_with_its_tool_and_its_arguments(name: str, arguments: str, read: dict[str, Any]) -> None:
    checked = at_once(check(fault_in, asked(name, arguments), TOOLS))
    assert (checked.tool, checked.arguments, checked.fault) == (TOOLS[name], read, "")
    assert checked.request == asked(name, arguments)


WANTED = json.dumps(PARAMETERS)


@pytest.mark.parametrize(
    ("name", "arguments", "fault"),
    [
        ("ghost", "{}", "there is no tool 'ghost'. Available tools: any, clock, weather."),
        ("", "{}", "there is no tool ''. Available tools: any, clock, weather."),
        ("weather", "{", f"the arguments of weather are not valid JSON. Send one JSON object that fits {WANTED}."),
        ("weather", '{"city": NaN}', f"the arguments of weather are not valid JSON. Send one JSON object that fits {WANTED}."),
        ("weather", "", f'the arguments of weather do not fit: "city" is a required property. Expected {WANTED}.'),
        ("weather", '{"city": 1}', f'the arguments of weather do not fit: at city: 1 is not of type "string". Expected {WANTED}.'),
        ("weather", "[]", f'the arguments of weather do not fit: [] is not of type "object". Expected {WANTED}.'),
        ("clock", "[]", "the arguments of clock do not fit: they are not an object. Expected {}."),
        ("clock", "null", "the arguments of clock do not fit: they are not an object. Expected {}."),
        ("any", "[1]", 'the arguments of any do not fit: they are not an object. Expected {"type": ["object", "array"]}.'),
    ],
)
def test_request_that_cannot_be_done_says_why_in_words_a_model_can_act_on(name: str, arguments: str, fault: str) -> None:
    checked = at_once(check(fault_in, asked(name, arguments), TOOLS))
    assert (checked.tool, checked.arguments, checked.fault) == (None, {}, fault)


def test_where_there_are_no_tools_that_is_said() -> None:
    assert at_once(check(fault_in, asked("x", "{}"), {})).fault == "there is no tool 'x'. Available tools: none."


@given(st.sampled_from([*TOOLS, "ghost"]), st.text())
def test_any_request_can_be_done_or_has_a_fault(name: str, arguments: str) -> None:
    checked = at_once(check(fault_in, asked(name, arguments), TOOLS))
    assert (checked.tool is None) is bool(checked.fault)


@pytest.mark.parametrize(
    ("ids", "most", "fault"),
    [
        ([], 1, ""),
        (["1", "2"], 2, ""),
        (["1", "2", "3"], 2, "3 tool calls in one turn, at most 2 are allowed. Ask for fewer."),
        (["1", "1"], 2, "two tool calls have the same id. Give each its own."),
        (["1", "1", "1"], 2, "3 tool calls in one turn, at most 2 are allowed. Ask for fewer."),
        (["", ""], 5, "two tool calls have the same id. Give each its own."),
    ],
)
def test_requests_of_one_turn_are_looked_at_together(ids: list[str], most: int, fault: str) -> None:
    assert turn_fault([asked("clock", "{}", id_) for id_ in ids], most) == fault
