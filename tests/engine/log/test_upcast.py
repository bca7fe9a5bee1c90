"""How what an event of an earlier build said is read today, form by form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.effects.digest import fingerprint
from orchestrator.engine.errors import UnknownEvent
from orchestrator.engine.log.upcast import VERSIONS, read_event, read_event_text, upcast, upcast_text
from tests.engine.json_values import json_values
from tests.engine.log.test_earlier_logs import FILES, events_of

EARLIER = [event for file in FILES for event in events_of(file)]


def begun(kind: str, request: Any, **rest: Any) -> dict[str, Any]:
    """An effect that was started, in form 0."""
    mark = fingerprint(kind, "n", request)
    return {"type": "effect_started", "path": "a#1/x.1", "kind": kind, "name": "n", "fingerprint": mark, "request": request, **rest}


@given(st.sampled_from(EARLIER))
def test_reading_an_event_twice_is_reading_it_once(event: dict[str, Any]) -> None:
    before = json.dumps(event)
    now = upcast(event)
    assert now["v"] == VERSIONS[event["type"]] and upcast(now) is now
    assert json.dumps(event) == before, "what was read is left as it was"
    text = upcast_text(before)
    assert json.loads(text) == now and upcast_text(text) is text
    assert read_event_text(text) == read_event_text(before) == read_event(event)


@given(st.sampled_from(EARLIER), st.integers(1, 9))
def test_event_of_a_later_form_is_told_by_its_type_and_version(event: dict[str, Any], more: int) -> None:
    later = event | {"v": VERSIONS[event["type"]] + more}
    with pytest.raises(UnknownEvent) as caught:
        read_event(later)
    assert (caught.value.type, caught.value.v) == (event["type"], later["v"])
    assert str(caught.value) == f"This build does not know version {later['v']} of event {event['type']!r}"
    assert upcast_text(json.dumps(later)) == json.dumps(later)


@given(json_values())
def test_whatever_stands_in_a_log_it_is_an_event_or_a_value_error(value: Any) -> None:
    for data in (value, {"type": "run_started", "input": value}, {"type": value, "v": 1}, {"type": "node_started", "v": value}):
        text = json.dumps(data)
        try:
            event = read_event_text(text)
        except (ValueError, UnknownEvent):
            assert upcast_text(text) == text or json.loads(upcast_text(text))["v"] in VERSIONS.values()
        else:
            assert event.v == VERSIONS[event.type]


@pytest.mark.parametrize(
    "data",
    [
        [],
        "x",
        None,
        7,
        {},
        {"type": 3},
        {"type": "run_started", "v": -1},
        {"type": "run_started", "v": "1"},
        {"type": "run_started", "v": 1.5},
    ],
)
def test_what_has_no_type_or_no_version_that_counts_says_what_an_event_has(data: Any) -> None:
    with pytest.raises(ValueError) as caught:
        upcast(data)
    assert str(caught.value) == "An event has a type, and a version that is a whole number from 0."


@pytest.mark.parametrize(
    "data",
    [
        {"type": "effect_started"},
        {"type": "effect_started", "kind": "model", "request": {}, "name": "n"},
        {"type": "effect_finished"},
        {"type": "effect_finished", "path": 3},
        {"type": "effect_refused"},
        {"type": "scope_started"},
    ],
)
def test_event_whose_form_is_not_that_of_its_version_says_so(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"An event '{data['type']}' of version 0 has another form"):
        upcast(data)


@pytest.mark.parametrize(
    ("kind", "waits"), [("model", False), ("tool", False), ("human", True), ("timer", True), ("random", False), ("clock", False)]
)
def test_of_an_earlier_effect_the_kind_says_whether_it_waits(kind: str, waits: bool) -> None:
    now = upcast(begun(kind, None))
    assert (now["waits"], list(now)[:2]) == (waits, ["v", "type"])


def test_what_an_earlier_message_said_is_one_part_and_an_empty_one_none() -> None:
    request = {"model": "m", "messages": [{"role": "system", "content": "be"}, {"role": "user", "content": ""}, {"role": "tool"}, "odd"]}
    now = upcast(begun("model", request))["request"]
    assert now == {
        "model": "m",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "be"}]},
            {"role": "user", "content": []},
            {"role": "tool"},
            "odd",
        ],
    }
    said_in_parts = {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}
    assert upcast(begun("model", said_in_parts))["request"] == said_in_parts
    assert upcast(begun("model", {"messages": "odd"}))["request"] == {"messages": "odd"}


@pytest.mark.parametrize(
    ("path", "name", "takes"),
    [
        ("ask#1/human.1", "approve", True),
        ("pay#1/tool.1/approval", "approve", False),
        ("pay#1/tool.1/approval", "reject", False),
        ("pay#1/tool.1/outcome", "happened", True),
        ("pay#1/tool.1/outcome", "again", False),
        ("approval#1/human.1", "approve", True),
    ],
)
def test_of_an_earlier_question_the_place_says_whether_an_action_takes_a_value(path: str, name: str, takes: bool) -> None:
    request = {"title": "t", "actions": [{"name": name, "title": "x"}]}
    now = upcast(begun("human", request) | {"path": path})["request"]
    assert now == {"title": "t", "actions": [{"name": name, "title": "x", "takes_value": takes}], "tool": ""}
    assert upcast(begun("human", {"actions": None}))["request"] == {"actions": None}


@pytest.mark.parametrize(
    ("path", "payload", "tool"),
    [
        ("pay#1/tool.1/approval", {"tool": "pay", "arguments": {}}, "pay"),
        ("pay#1/tool.1/approval", {"tool": 7}, ""),
        ("pay#1/tool.1/approval", "pay", ""),
        ("pay#1/tool.1/outcome", {"tool": "pay"}, ""),
        ("ask#1/human.1", {"tool": "pay"}, ""),
    ],
)
def test_of_an_earlier_question_the_place_says_about_which_tool_it_is(path: str, payload: Any, tool: str) -> None:
    now = upcast(begun("human", {"actions": [], "payload": payload}) | {"path": path})["request"]
    assert now["tool"] == tool


def test_proof_of_what_was_asked_goes_with_its_new_words() -> None:
    request = {"messages": [{"role": "user", "content": "hi"}]}
    now = upcast(begun("model", request))
    assert now["fingerprint"] == fingerprint("model", "n", now["request"]) != fingerprint("model", "n", request)
    other = upcast(begun("model", request) | {"fingerprint": "of something else"})
    assert other["fingerprint"] == "of something else", "what does not prove this request is no proof of its new words either"


def test_deadline_of_an_earlier_question_is_no_part_of_the_proof() -> None:
    request = {"actions": [], "deadline_us": None}
    asked = begun("human", request) | {"request": request | {"deadline_us": 99}}
    now = upcast(asked)
    assert now["request"]["deadline_us"] == 99
    assert now["fingerprint"] == fingerprint("human", "n", now["request"] | {"deadline_us": None})


@pytest.mark.parametrize("kind", ["tool", "timer", "random"])
def test_request_of_another_kind_is_left_as_it_was(kind: str) -> None:
    request = {"messages": [{"content": "x"}], "actions": [{"name": "x"}]}
    now = upcast(begun(kind, request))
    assert (now["request"], now["fingerprint"]) == (request, fingerprint(kind, "n", request))
    assert upcast(begun("model", "odd"))["request"] == "odd"


def test_refused_effect_is_read_like_one_that_was_started_but_never_waits() -> None:
    refused = begun("model", {"messages": [{"content": "x"}]}) | {"type": "effect_refused"}
    now = upcast(refused)
    assert now["request"] == {"messages": [{"content": [{"type": "text", "text": "x"}]}]} and "waits" not in now


@pytest.mark.parametrize(
    ("path", "changed"), [("a#1/model.1", True), ("a#1/turn.1.call.0/model.12", True), ("a#1/tool.1", False), ("model.1/human.1", False)]
)
def test_only_the_reply_of_a_model_is_a_message(path: str, changed: bool) -> None:
    result = {"message": {"role": "assistant", "content": "x"}, "model": "m"}
    now = upcast({"type": "effect_finished", "path": path, "result": result})["result"]
    assert now["message"]["content"] == ([{"type": "text", "text": "x"}] if changed else "x")
    assert upcast({"type": "effect_finished", "path": path, "result": "odd"})["result"] == "odd"


@pytest.mark.parametrize(
    ("scope", "parent", "index"), [("m#1/item.3", "", 3), ("m#1/item.3/n#2~2/item.10", "m#1/item.3", 10), ("a#1/m#1/item.0", "a#1", 0)]
)
def test_name_of_an_earlier_scope_says_where_it_is(scope: str, parent: str, index: int) -> None:
    now = upcast({"type": "scope_started", "scope": scope, "node": "m"})
    assert (now["parent"], now["index"]) == (parent, index)


def test_type_without_a_step_only_gets_the_present_version() -> None:
    assert upcast({"type": "run_started", "v": 0})["v"] == 1, "whether it says that it has none or says nothing"
    assert upcast({"type": "run_started", "seq": 1, "input": 5}) == {"v": 1, "type": "run_started", "seq": 1, "input": 5}


@pytest.mark.parametrize("text", ['{"v":1,"type":"run_started","seq":1}', '{"v":1,"type":"run_paused","seq":2,"by":"ann"}'])
def test_text_of_the_present_form_is_given_back_as_the_same_object(text: str) -> None:
    assert upcast_text(text) is text


def test_text_with_its_fields_in_another_order_is_read_all_the_same() -> None:
    text = '{"type":"run_started","v":1,"seq":1}'
    assert json.loads(upcast_text(text)) == {"v": 1, "type": "run_started", "seq": 1}
    assert read_event_text(text) == read_event_text('{"v":1,"type":"run_started","seq":1}')
    assert read_event_text('{ "v" : 1, "type": "run_started", "seq": 1 }').seq == 1
