"""A channel's value as of any event, without a copy for each."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.channels import ChannelState, reduce_value

NUMBERS = st.integers(-9, 9)
VALUES: dict[ReducerName, tuple[st.SearchStrategy[Json], st.SearchStrategy[Json]]] = {
    ReducerName.LAST: (st.none() | NUMBERS, NUMBERS),
    ReducerName.APPEND: (st.none() | st.lists(NUMBERS, max_size=2), NUMBERS),
    ReducerName.EXTEND: (st.none() | st.lists(NUMBERS, max_size=2), st.lists(NUMBERS, max_size=3)),
    ReducerName.MERGE: (
        st.none() | st.dictionaries(st.sampled_from("ab"), NUMBERS),
        st.dictionaries(st.sampled_from("abc"), NUMBERS),
    ),
    ReducerName.SUM: (st.none() | NUMBERS, NUMBERS),
    ReducerName.MAX: (st.none() | NUMBERS, NUMBERS),
    ReducerName.MIN: (st.none() | NUMBERS, NUMBERS),
}


@given(st.data(), st.sampled_from(list(VALUES)))
def test_value_as_of_each_event_is_that_of_reducing_one_by_one(data: st.DataObject, reducer: ReducerName) -> None:
    initial_values, values = VALUES[reducer]
    initial = data.draw(initial_values)
    written = data.draw(st.lists(values, max_size=6))
    channel = ChannelState(reducer, initial)
    for index, value in enumerate(written):
        channel.check(reducer, value)
        channel.write(10 + 2 * index, value)
    expected = [initial]
    for value in written:
        expected.append(reduce_value(reducer, expected[-1], value))
    for index, value in enumerate(expected):
        assert channel.as_of(8 + 2 * index) == channel.as_of(9 + 2 * index) == value


@pytest.mark.parametrize(("reducer", "value"), [("append", [1]), ("merge", {"a": 1}), ("extend", [[1]])])
def test_value_that_was_read_is_nobody_elses(reducer: str, value: Json) -> None:
    channel = ChannelState(ReducerName(reducer))
    channel.write(1, value)
    first = channel.as_of(1)
    assert isinstance(first, list | dict)
    first.clear()
    assert channel.as_of(1) != first


@pytest.mark.parametrize(
    ("reducer", "initial", "value"),
    [("append", 1, 1), ("extend", None, 1), ("extend", {}, []), ("merge", None, 1), ("merge", [], {}), ("sum", None, "x"), ("max", "a", 1)],
)
def test_what_does_not_go_together_is_refused_before_anything_changes(reducer: str, initial: Json, value: Json) -> None:
    channel = ChannelState(ReducerName(reducer), initial)
    with pytest.raises(EngineError, match=f"Reducer {reducer} cannot take"):
        channel.check(ReducerName(reducer), value)
    assert channel.as_of(99) == initial


@pytest.mark.parametrize(("before", "value"), [(1e308, 1e308), (-1e308, -1e308), (10**400, 1.5)])
def test_sum_that_is_no_number_any_more_is_refused(before: Json, value: Json) -> None:
    with pytest.raises(EngineError, match="Reducer sum"):
        reduce_value(ReducerName.SUM, before, value)


@pytest.mark.parametrize("reducer", ["append", "extend", "merge"])
def test_ten_thousand_additions_take_memory_for_ten_thousand_values(reducer: str) -> None:
    channel = ChannelState(ReducerName(reducer))
    tracemalloc.start()
    try:
        for index in range(10_000):
            channel.write(index, {"append": index, "extend": [index], "merge": {str(index): index}}[reducer])
        used, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 8_000_000, "a copy of the list for each event would take 400 MB"
    assert len(channel.as_of(9_999)) == 10_000  # type: ignore[arg-type]  # a list or an object
    assert len(channel.as_of(4_999)) == 5_000  # type: ignore[arg-type]
