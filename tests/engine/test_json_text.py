"""Text from outside as JSON that every database and browser takes: refused where it can be said, mended where it cannot."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import MAX_DEPTH, REPLACEMENT, NotJson, clean_json, holds_too_many, is_deeper, read_json
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, ScriptedModel, says
from tests.graphs import approval, chain, graph, node, one_agent, path

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(blacklist_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(blacklist_categories=[])), inner, max_size=3),
    max_leaves=8,
)


def storable(value: Json) -> bool:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    return "\\u0000" not in text.replace("\\\\", "")


@given(ANYTHING)
def test_what_is_cleaned_can_be_stored_and_read_again(value: Any) -> None:
    cleaned = clean_json(value)
    assert storable(cleaned)
    assert read_json(json.dumps(cleaned)) == cleaned == clean_json(cleaned)


@given(ANYTHING)
def test_text_is_read_when_it_can_be_stored_and_refused_when_not(value: Any) -> None:
    try:
        cleaned = clean_json(value)
        same = json.dumps(cleaned) == json.dumps(value)
    except ValueError:
        same = False
    try:
        assert read_json(json.dumps(value)) == cleaned
        assert same
    except NotJson:
        assert not same


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "NaN is not a JSON number"),
        ("[Infinity]", "Infinity is not"),
        ("-Infinity", "-Infinity is not"),
        ("1e999", "too large"),
        ("9" * 400, "too large"),
        ("9" * 309, "too large"),
        ('"\\ud800"', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
        ('["a\\u0000"]', "U\\+0000"),
        ("{", "line 1"),
        (b'"\xff"', "byte 1"),
        ("[" * 200_000, "nested"),
    ],
)
def test_text_that_is_refused_says_why(text: str | bytes, why: str) -> None:
    with pytest.raises(NotJson, match=why):
        read_json(text)


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (float("nan"), None),
        ([float("inf"), -float("inf")], [None, None]),
        (1 << 1024, None),
        ((1 << 1024) - 1, (1 << 1024) - 1),
        ("a\x00b", f"a{REPLACEMENT}b"),
        ("\ud800x", f"{REPLACEMENT}x"),
        ({"\x00": 1, 2: (3,)}, {REPLACEMENT: 1, "2": [3]}),
        ("😀", "😀"),
        (True, True),
    ],
)
def test_value_is_kept_as_near_as_can_be(value: Any, cleaned: Json) -> None:
    assert clean_json(value) == cleaned


def test_what_has_no_form_in_json_is_refused() -> None:
    deep: Any = None
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    for value, why in ((object(), "object"), (deep, "deeper")):
        with pytest.raises(NotJson, match=why):
            clean_json(value)


BAD: Any = {"rate": float("nan"), "text": "a\x00\ud800"}
CLEAN: Json = {"rate": None, "text": f"a{REPLACEMENT}{REPLACEMENT}"}


async def test_result_of_a_tool_is_cleaned_before_it_is_recorded_and_used() -> None:
    document = graph([node("start", "input"), node("t", "tool", {"tool": "t"}), node("end", "output")], path("start", "t", "end"))
    state = await Bench(document, tools=MemoryTools({"t": lambda _: BAD})).finish()
    assert state.output == CLEAN and storable(state.output)


async def test_tool_that_gives_what_is_not_json_fails() -> None:
    document = graph([node("start", "input"), node("t", "tool", {"tool": "t"}), node("end", "output")], path("start", "t", "end"))
    state = await Bench(document, tools=MemoryTools({"t": lambda _: object()})).finish()  # type: ignore[arg-type,return-value]  # on purpose
    assert state.error is not None and state.error.code == "invalid_output" and "object has no form" in state.error.message


async def test_reply_of_a_model_is_cleaned() -> None:
    state = await Bench(one_agent(), model=ScriptedModel([says("a\x00\ud800")])).finish("x")
    assert state.output == f"a{REPLACEMENT}{REPLACEMENT}"


async def test_input_and_answer_are_cleaned() -> None:
    state = await Bench(chain(0)).finish(BAD)
    assert state.output == CLEAN
    rig = Bench(approval())
    await rig.go(1)
    runner = rig.runner()
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve", "value": BAD}, "ann")
    state = await rig.go(1, runner)
    assert state.status is RunStatus.SUCCEEDED and isinstance(state.output, dict) and state.output["value"] == CLEAN


async def test_expression_cannot_make_what_cannot_be_stored() -> None:
    nodes = [node("start", "input"), node("t", "transform", {"expression": "'a\\u0000'"}), node("end", "output")]
    assert (await Bench(graph(nodes, path("start", "t", "end"))).finish()).output == f"a{REPLACEMENT}"


BEYOND = 1 << 1024


@given(st.integers(1020, 1030), st.integers(-2, 2), st.sampled_from([1, -1]))
def test_whole_numbers_are_taken_up_to_where_no_other_format_follows(bits: int, more: int, sign: int) -> None:
    number = sign * ((1 << bits) + more)
    fits = -BEYOND < number < BEYOND
    assert clean_json(number) == (number if fits else None)
    if fits:
        assert read_json(str(number)) == number
    else:
        with pytest.raises(NotJson, match=r"the number -?[0-9]{39,40} is too large"):
            read_json(str(number))


@given(ANYTHING)
def test_cleaning_leaves_storable_values_as_they_are(value: Any) -> None:
    cleaned = clean_json(value)
    assert json.dumps(clean_json(cleaned)) == json.dumps(cleaned)


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1])
@pytest.mark.parametrize("around", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: (inner,)])
def test_values_may_stand_in_each_other_so_deep(depth: int, around: Any) -> None:
    value: Any = 1
    for _ in range(depth):
        value = around(value)
    if depth <= MAX_DEPTH:
        clean_json(value)
    else:
        with pytest.raises(NotJson, match=f"it is nested deeper than {MAX_DEPTH} levels"):
            clean_json(value)


class Text(str):
    """A text of a library's own class."""


class Number(int):
    """A number of a library's own class."""


def test_values_of_classes_of_their_own_become_plain_ones() -> None:
    cleaned = clean_json({Text("a"): [Text("b"), Number(3), True]})
    assert cleaned == {"a": ["b", 3, True]} and isinstance(cleaned, dict)
    [(key, inner)] = cleaned.items()
    assert isinstance(inner, list) and (type(key), type(inner[0]), type(inner[1]), type(inner[2])) == (Text, str, int, bool)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, 1j, [object()], {"a": b""}])
def test_what_has_no_form_is_named_by_its_type(value: Any) -> None:
    with pytest.raises(NotJson, match=r"(bytes|set|complex|object) has no form in JSON"):
        clean_json(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{]", "Expecting property name enclosed in double quotes at line 1, column 2"),
        ("[1\n2]", "Expecting ',' delimiter at line 2, column 1"),
        ("", "Expecting value at line 1, column 1"),
        ("-1e999", "the number -1e999 is too large"),
        ("1" + "0" * 60 + "e999", f"the number 1{'0' * 39} is too large"),
        ("1" + "0" * 310, f"the number 1{'0' * 39} is too large"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ('"\\u0000"', "it holds the character U+0000"),
        ('{"a\\u0000": 1}', "it holds the character U+0000"),
        ('"\\udfff"', "it holds half of a surrogate pair"),
        ('[[["\\ud800"]]]', "it holds half of a surrogate pair"),
        (b'{"a": "\xc3"}', "byte 7 is not UTF-8"),
        ("[" * 200_000, "it is nested too deep"),
    ],
)
def test_refusal_says_what_was_found_and_where(text: str | bytes, why: str) -> None:
    with pytest.raises(NotJson) as caught:
        read_json(text)
    assert str(caught.value) == why


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '"\U0001f600"', '"\\\\u0000"', b'"\xc3\xa4"', "[1e5]", "1.0", '{"a":{"a":1}}'])
def test_text_that_only_looks_dangerous_is_read(text: str | bytes) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    ("value", "most", "too_many"),
    [
        (1, 1, False),
        ("long" * 1000, 1, False),
        ([], 1, False),
        ([1], 1, True),
        ([1, 2], 3, False),
        ([1, [2]], 3, True),
        ({"a": {"b": 1}}, 3, False),
        ({"a": {"b": [1]}}, 3, True),
        ([[]] * 10**6, 10**6, True),
    ],
)
def test_values_are_counted_and_no_further_than_must_be(value: Json, most: int, too_many: bool) -> None:
    assert holds_too_many(value, most) is too_many


@pytest.mark.parametrize(
    ("value", "most", "deeper"), [(1, 0, False), ([], 0, True), ([], 1, False), ([1], 1, False), ([{}], 1, True), ([{}], 2, False)]
)
def test_depth_is_counted_in_lists_and_objects(value: Json, most: int, deeper: bool) -> None:
    assert is_deeper(value, most) is deeper
