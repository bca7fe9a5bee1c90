"""What the nodes that only handle values make of them: input, output, transform, join, wait, note."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import ROOT, Json
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.nodes.join import JoinReducer, combine
from orchestrator.engine.testing import Bench
from tests.engine.json_values import json_values
from tests.graphs import edge, graph, node, path


def alone(kind: str, params: dict[str, Any] | None = None) -> Graph:
    """One node between an input and an output."""
    return graph([node("start", "input"), node("x", kind, params), node("end", "output")], path("start", "x", "end"))


async def gives(kind: str, params: dict[str, Any] | None, given: Json) -> Json:
    return (await Bench(alone(kind, params)).finish(given)).output


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"n": 2}),
        ({"expression": ""}, {"n": 2}),
        ({"expression": "input.n + 1"}, 3),
        ({"fields": {"a": "input.n", "b": "'x'"}}, {"a": 2, "b": "x"}),
        ({"expression": "input.n", "fields": {"a": "1"}}, {"a": 1}),
    ],
    ids=["nothing", "empty", "expression", "fields", "fields go first"],
)
async def test_transform_gives_an_expression_or_an_object_of_them(params: dict[str, Any], expected: Json) -> None:
    assert await gives("transform", params, {"n": 2}) == expected


@pytest.mark.parametrize(("value", "expected"), [("input", 7), ("input * 2", 14), ("run.input", 7), ("{'n': input}", {"n": 7})])
async def test_output_gives_the_run_its_value(value: str, expected: Json) -> None:
    document = graph([node("start", "input"), node("end", "output", {"value": value})], path("start", "end"))
    assert (await Bench(document).finish(7)).output == expected


async def test_wait_passes_on_what_came_in_and_says_how_long_it_waits() -> None:
    rig = Bench(alone("wait", {"seconds": 0.001}))
    assert (await rig.finish({"n": 1})).output == {"n": 1}
    begun = next(event for event in rig.log.events if event.type == "effect_started")
    assert (begun.kind, begun.path, begun.waits) == ("timer", "x#1/timer.1", True)
    assert isinstance(begun.request, dict) and begun.request["seconds"] == 0.001
    assert isinstance(begun.request["due_us"], int) and begun.request["due_us"] >= begun.at_us - 1 + 1000 - 2


async def test_note_is_no_part_of_a_run() -> None:
    document = graph([node("start", "input"), node("n", "note", {"text": "look"}), node("end", "output")], path("start", "end"))
    state = await Bench(document).finish(1)
    assert set(state.scopes[ROOT].activations) == {"start", "end"}


def two_outputs(first: str, second: str) -> Graph:
    nodes = [node("start", "input"), node("a", "output"), node("b", "output", {"value": "'b'"})]
    return graph(nodes, [edge("start", "a", condition=first), edge("start", "b", condition=second)])


@pytest.mark.parametrize(
    ("first", "second", "output"),
    [("true", "false", 5), ("false", "true", "b"), ("true", "true", {"a": 5, "b": "b"})],
)
async def test_several_outputs_give_one_value_or_one_for_each_that_was_reached(first: str, second: str, output: Json) -> None:
    assert (await Bench(two_outputs(first, second)).finish(5)).output == output


async def test_run_that_reached_no_output_says_what_to_add() -> None:
    state: RunState = await Bench(two_outputs("false", "false")).finish(5)
    assert state.error is not None and (state.error.code, state.error.message) == (
        ErrorCode.NO_ROUTE,
        "The run ended without reaching an output",
    )
    assert state.error.cure == "Some condition was never met: add an `otherwise` edge where the route stopped."


async def test_graph_without_an_output_gives_nothing_and_succeeds() -> None:
    state = await Bench(graph([node("start", "input")], [])).finish(5)
    assert (state.status, state.output) == ("succeeded", None)


async def test_output_that_is_reached_in_a_loop_gives_its_last_value() -> None:
    nodes = [node("start", "input"), node("n", "transform", {"expression": "input + 1"}), node("end", "output")]
    edges = [edge("start", "n"), edge("n", "n", condition="output < 3", max_iterations=9), edge("n", "end")]
    assert (await Bench(graph(nodes, edges)).finish(0)).output == 3


@pytest.mark.parametrize(
    ("reducer", "given", "expected"),
    [
        ("list", 3, [3]),
        ("list", [1, 2], [[1, 2]]),
        ("sum", 3, 3),
        ("first", 3, 3),
        ("last", 3, 3),
        ("merge", {"a": 1}, {"a": 1}),
        ("concat", "x", "x"),
        ("concat", ["x"], ["x"]),
    ],
)
async def test_join_of_one_branch_combines_that_one(reducer: str, given: Json, expected: Json) -> None:
    assert await gives("join", {"reducer": reducer}, given) == expected


async def test_join_that_nothing_leads_to_combines_nothing() -> None:
    document = graph([node("j", "join"), node("end", "output")], path("j", "end"))
    assert (await Bench(document).finish()).output == [None]


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [("list", []), ("first", None), ("last", None), ("merge", {}), ("concat", ""), ("sum", 0)],
)
def test_nothing_combines_to_nothing_of_its_kind(reducer: str, expected: Json) -> None:
    assert combine(JoinReducer(reducer), []) == expected


@given(st.lists(json_values(2), min_size=1, max_size=4))
def test_list_first_and_last_take_any_values_as_they_are(values: list[Json]) -> None:
    assert combine(JoinReducer.LIST, values) == values
    assert combine(JoinReducer.FIRST, values) == values[0]
    assert combine(JoinReducer.LAST, values) == values[-1]


@given(st.lists(json_values(2), min_size=1, max_size=4), st.sampled_from(list(JoinReducer)))
def test_any_values_combine_or_are_refused_in_words(values: list[Json], reducer: JoinReducer) -> None:
    try:
        combine(reducer, values)
    except EngineError as error:
        kinds = ", ".join(sorted({type(value).__name__ for value in values}))
        assert (error.info.code, error.info.message) == (ErrorCode.INVALID_OUTPUT, f"{reducer} cannot combine {kinds}")
        assert error.info.cure == "Combine as a list, or give all branches the same kind of value."


@pytest.mark.parametrize(
    ("reducer", "values"), [("sum", [True, True]), ("sum", ["1"]), ("merge", [{}, []]), ("concat", ["a", []]), ("concat", [1])]
)
def test_what_looks_alike_is_not_taken_for_the_same_kind(reducer: str, values: list[Json]) -> None:
    with pytest.raises(EngineError):
        combine(JoinReducer(reducer), values)


def test_values_that_go_in_are_left_as_they_were() -> None:
    one: dict[str, Json] = {"a": 1}
    merged = combine(JoinReducer.MERGE, [one, {"a": 2, "b": 3}])
    assert (merged, one) == ({"a": 2, "b": 3}, {"a": 1})
    head: list[Json] = [1]
    assert (combine(JoinReducer.CONCAT, [head, [2]]), head) == ([1, 2], [1])
