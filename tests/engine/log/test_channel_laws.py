"""How shared state takes values in: the laws of each reducer, and that a refusal leaves everything as it was."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.errors import EngineError, ErrorCode, IllegalTransition
from orchestrator.engine.ids import Json
from orchestrator.engine.log.channels import ChannelState, check_writes, reduce_value, take_writes
from orchestrator.engine.log.events import ChannelWrite
from tests.engine.json_values import json_values

INTEGERS: st.SearchStrategy[Json] = st.integers(-(10**12), 10**12)
NUMBERS: st.SearchStrategy[Json] = INTEGERS | st.floats(-1e12, 1e12)
OBJECTS: st.SearchStrategy[Json] = st.dictionaries(st.sampled_from("abc"), json_values(2), max_size=3)
LISTS: st.SearchStrategy[Json] = st.lists(json_values(2), max_size=3)
REDUCERS = st.sampled_from(list(ReducerName))
ORDERED = st.sampled_from([ReducerName.MAX, ReducerName.MIN])


def put(reducer: ReducerName, *values: Json, start: Json = None) -> Json:
    """What a channel that begins with `start` holds after these values."""
    for value in values:
        start = reduce_value(reducer, start, value)
    return start


@given(json_values(), json_values(), json_values())
def test_last_keeps_the_last(before: Json, one: Json, other: Json) -> None:
    assert put(ReducerName.LAST, one, other, start=before) == other


@given(LISTS, json_values(), json_values())
def test_append_adds_one_at_the_end_whatever_it_is(before: Json, one: Json, other: Json) -> None:
    assert isinstance(before, list)
    assert put(ReducerName.APPEND, one, other, start=before) == [*before, one, other]
    assert put(ReducerName.APPEND, one) == [one], "nothing is an empty list"


@given(LISTS, LISTS, LISTS)
def test_extend_puts_lists_one_after_the_other_and_nothing_is_an_empty_one(before: Json, one: Json, other: Json) -> None:
    assert isinstance(before, list) and isinstance(one, list) and isinstance(other, list)
    assert put(ReducerName.EXTEND, one, other, start=before) == [*before, *one, *other]
    assert put(ReducerName.EXTEND, [], start=before) == before == put(ReducerName.EXTEND, before)


@given(OBJECTS, OBJECTS)
def test_merge_lets_the_later_value_win_and_twice_is_once(before: Json, value: Json) -> None:
    merged = put(ReducerName.MERGE, value, start=before)
    assert isinstance(before, dict) and isinstance(value, dict) and isinstance(merged, dict)
    assert set(merged) == set(before) | set(value)
    assert all(merged[key] == (value[key] if key in value else before[key]) for key in merged)
    assert put(ReducerName.MERGE, value, start=merged) == merged
    assert put(ReducerName.MERGE, {}, start=before) == before == put(ReducerName.MERGE, before)


@given(st.lists(INTEGERS, min_size=1, max_size=5), st.randoms())
def test_sum_is_the_same_in_every_order(values: list[Json], order: object) -> None:
    shuffled = sorted(values, key=lambda _: order.random())  # type: ignore[attr-defined]
    assert put(ReducerName.SUM, *values) == put(ReducerName.SUM, *shuffled) == sum(values)  # type: ignore[arg-type]
    assert put(ReducerName.SUM, 0, start=values[0]) == values[0] == put(ReducerName.SUM, values[0])


@given(ORDERED, st.lists(NUMBERS, min_size=1, max_size=5), st.randoms())
def test_max_and_min_are_the_same_in_every_order_and_twice_is_once(reducer: ReducerName, values: list[Json], order: object) -> None:
    shuffled = sorted(values, key=lambda _: order.random())  # type: ignore[attr-defined]
    found = put(reducer, *values)
    assert found == put(reducer, *shuffled) == put(reducer, *values, *values)
    assert found == (max if reducer is ReducerName.MAX else min)(values)  # type: ignore[type-var]


@settings(max_examples=300)
@given(REDUCERS, json_values(3), st.lists(json_values(3), max_size=5))
def test_channel_takes_in_what_its_reducer_takes_in_and_refuses_what_it_refuses(
    reducer: ReducerName, initial: Json, values: list[Json]
) -> None:
    channel, expected = ChannelState(reducer, initial), initial
    for seq, value in enumerate(values, start=1):
        before = deepcopy(channel)
        try:
            after = reduce_value(reducer, expected, value)
        except EngineError as error:
            with pytest.raises(EngineError) as caught:
                channel.check(reducer, value)
            assert caught.value.info.code == error.info.code is ErrorCode.INVALID_OUTPUT
            assert channel == before, "a refused value leaves the channel as it was"
        else:
            channel.check(reducer, value)
            assert channel == before, "to check is not to write"
            channel.write(seq, value)
            expected = after
        assert channel.as_of(seq) == expected


@given(REDUCERS, json_values(3), st.lists(json_values(2), max_size=4))
def test_what_was_held_earlier_is_still_known_later(reducer: ReducerName, initial: Json, values: list[Json]) -> None:
    channel, held = ChannelState(reducer, initial), [initial]
    for value in values:
        try:
            channel.check(reducer, value)
        except EngineError:
            continue
        channel.write(len(held), value)
        held.append(channel.as_of(len(held)))
    assert [channel.as_of(seq) for seq in range(len(held))] == held
    assert channel.as_of(10**9) == held[-1]


@pytest.mark.parametrize(
    ("reducer", "before", "value", "words"),
    [
        ("append", "text", 1, "Reducer append cannot take int into str"),
        ("extend", [], {}, "Reducer extend cannot take dict into list"),
        ("extend", None, None, "Reducer extend cannot take NoneType into NoneType"),
        ("merge", [], {}, "Reducer merge cannot take dict into list"),
        ("merge", {}, "x", "Reducer merge cannot take str into dict"),
        ("sum", 1, "2", "Reducer sum cannot take str into int"),
        ("sum", True, 1, "Reducer sum cannot take int into bool"),
        ("max", 1, False, "Reducer max cannot take bool into int"),
        ("min", [], 1, "Reducer min cannot take int into list"),
        ("min", None, "a", "Reducer min cannot take str into NoneType"),
        ("max", None, None, "Reducer max cannot take NoneType into NoneType"),
    ],
)
def test_refusal_says_what_was_to_go_into_what_and_how_to_mend_it(reducer: str, before: Json, value: Json, words: str) -> None:
    with pytest.raises(EngineError) as caught:
        reduce_value(ReducerName(reducer), before, value)
    info = caught.value.info
    assert (info.code, info.message) == (ErrorCode.INVALID_OUTPUT, words)
    assert info.cure == "Write a value of the kind the channel holds, or choose another reducer."


@pytest.mark.parametrize(
    ("reducer", "initial", "value", "words"),
    [
        ("append", "text", 1, "Reducer append cannot take int into str"),
        ("extend", {}, [], "Reducer extend cannot take list into dict"),
        ("extend", None, "x", "Reducer extend cannot take str into list"),
        ("extend", [1], {}, "Reducer extend cannot take dict into list"),
        ("merge", None, "x", "Reducer merge cannot take str into dict"),
        ("merge", [], {}, "Reducer merge cannot take dict into list"),
        ("merge", {}, 1, "Reducer merge cannot take int into dict"),
        ("sum", "x", 1, "Reducer sum cannot take int into str"),
    ],
)
def test_channel_refuses_in_the_same_words_before_it_is_written(reducer: str, initial: Json, value: Json, words: str) -> None:
    with pytest.raises(EngineError) as caught:
        ChannelState(ReducerName(reducer), initial).check(ReducerName(reducer), value)
    assert caught.value.info.message == words


def test_channel_that_was_never_written_holds_what_it_begins_with() -> None:
    for reducer, initial in ((ReducerName.APPEND, [1]), (ReducerName.MERGE, {"a": 1}), (ReducerName.SUM, 7), (ReducerName.LAST, None)):
        assert ChannelState(reducer, initial).as_of(99) == initial


def test_first_value_of_a_list_and_of_an_object_goes_to_what_the_channel_began_with() -> None:
    begun: list[Json] = [1]
    channel = ChannelState(ReducerName.APPEND, begun)
    channel.write(3, 2)
    assert (channel.as_of(2), channel.as_of(3), begun) == ([1], [1, 2], [1])
    begun_with: Json = {"a": 1}
    merged = ChannelState(ReducerName.MERGE, begun_with)
    merged.write(3, {"b": 2})
    merged.write(5, {"a": 3})
    assert [merged.as_of(seq) for seq in (2, 3, 4, 5)] == [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 3, "b": 2}]
    assert begun_with == {"a": 1}


def test_channel_says_which_reducer_it_has_and_with_which_it_was_written() -> None:
    with pytest.raises(IllegalTransition) as caught:
        ChannelState(ReducerName.SUM, 0).check(ReducerName.LAST, 1)
    assert caught.value.info.message == "A channel with reducer sum was written with last"


def of(channel: str, value: Json, reducer: ReducerName = ReducerName.SUM) -> ChannelWrite:
    return ChannelWrite(channel=channel, reducer=reducer, initial=10, value=value)


def test_one_event_writes_a_channel_once() -> None:
    with pytest.raises(IllegalTransition) as caught:
        check_writes({}, [of("a", 1), of("b", 1), of("a", 1)])
    assert caught.value.info.message == "Channel a is written twice at once"


def test_checking_makes_no_channel_and_taking_makes_it_with_its_beginning() -> None:
    channels: dict[str, ChannelState] = {}
    check_writes(channels, [of("a", 1), of("b", 2)])
    assert channels == {}
    take_writes(channels, [of("a", 1), of("b", 2)], 5)
    take_writes(channels, [of("a", 4)], 8)
    assert {name: [channel.as_of(seq) for seq in (4, 5, 8)] for name, channel in channels.items()} == {"a": [10, 11, 15], "b": [10, 12, 12]}
    with pytest.raises(EngineError, match="Reducer sum cannot take str into int"):
        check_writes(channels, [of("a", "x")])
