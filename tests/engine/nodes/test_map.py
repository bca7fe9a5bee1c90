"""A map: what it goes through, how many at a time, what becomes of items that fail, and how they are called."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import ROOT, Json, Scope
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.graphs import edge, graph, node


def mapped(body: str, params: dict[str, Any] | None = None, **rest: Any) -> Graph:
    """Each item goes through one transform."""
    limits = rest.pop("limits", {})
    nodes = [node("start", "input"), node("each", "map", params, **rest), node("x", "transform", {"expression": body}, parent="each")]
    edges = [edge("start", "each"), edge("each.item", "x"), edge("x", "each.result"), edge("each", "end")]
    return graph([*nodes, node("end", "output")], edges, limits=limits)


async def ran(document: Graph, given: Json) -> RunState:
    return await Bench(document).finish(given)


@pytest.mark.parametrize(
    ("params", "given", "output"),
    [
        ({}, [1, 2], [1, 2]),
        ({}, [], []),
        ({"items": "input.list"}, {"list": ["a"]}, ["a"]),
        ({"items": "[input, input]"}, 3, [3, 3]),
    ],
)
async def test_items_are_what_the_expression_gives(params: dict[str, Any], given: Json, output: Json) -> None:
    assert (await ran(mapped("item", params), given)).output == output


@pytest.mark.parametrize(("given", "words"), [(None, "null"), ("abc", "a text"), ({"a": 1}, "an object"), (3, "a number")])
async def test_what_is_no_list_is_refused_in_words(given: Json, words: str) -> None:
    state = await ran(mapped("item"), given)
    assert state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.INVALID_INPUT, f"Items are {words}, expected a list")
    assert (state.error.cure, state.error.path) == ("Let `items` give a list.", "each#1")


@pytest.mark.parametrize(("items", "status"), [(3, RunStatus.SUCCEEDED), (4, RunStatus.LIMIT_EXCEEDED)])
async def test_so_many_items_may_be_and_no_more(items: int, status: RunStatus) -> None:
    state = await ran(mapped("item", limits={"max_items": 3}, on_error="default", default_output=[]), list(range(items)))
    assert state.status is status, "the end of a run is no error that a node could handle"
    if state.error is not None:
        assert state.error.message == "4 items, at most 3"
        assert state.error.cure == "Raise max_items in the graph's limits, or split the list."


async def test_item_that_fails_ends_the_map_with_its_own_error() -> None:
    state = await ran(mapped("item.n"), [{"n": 1}, {}, {"n": 3}])
    assert state.status is RunStatus.FAILED and state.error is not None
    assert (state.error.code, state.error.path) == (ErrorCode.EXPRESSION_FAILED, "each#1/item.1/x#1")


async def test_items_that_fail_are_left_out() -> None:
    assert (await ran(mapped("item.n", {"on_item_error": "skip"}), [{}, {"n": 2}, {}])).output == [2]


async def test_items_that_fail_leave_their_error_in_their_place() -> None:
    state = await ran(mapped("item.n", {"on_item_error": "record"}), [{"n": 1}, {}])
    assert isinstance(state.output, list) and state.output[0] == 1
    error = state.scopes[Scope("each#1/item.1")].error
    assert error is not None and state.output[1] == {"error": error.model_dump(mode="json")}


async def test_error_of_a_map_leaves_by_its_port() -> None:
    document = mapped("item.n", on_error="port")
    nodes = [*document.nodes, *graph([node("sorry", "output", {"value": "input.path"})], []).nodes]
    edges = [*document.edges, *graph([], [edge("each.error", "sorry")]).edges]
    state = await ran(document.model_copy(update={"nodes": tuple(nodes), "edges": tuple(edges)}), [{}])
    assert state.output == "each#1/item.0/x#1"


LABELS: list[tuple[Json, str]] = [
    ("a text", "a text"),
    (7, "7"),
    (1.5, "1.5"),
    (True, "True"),
    (None, ""),
    ([1], ""),
    ({}, ""),
    ({"title": "T", "name": "N"}, "T"),
    ({"name": "N", "subject": "S"}, "N"),
    ({"subject": "S", "label": "L"}, "S"),
    ({"label": "L", "id": 4}, "L"),
    ({"id": 4}, "4"),
    ({"title": ["no"], "id": "x"}, "x"),
    ({"title": None}, ""),
    ({"other": "x"}, ""),
    ("x" * 100, "x" * 80),
    ({"title": "y" * 100}, "y" * 80),
]


async def test_item_is_called_by_what_tells_it_apart() -> None:
    state = await ran(mapped("1"), [item for item, _ in LABELS])
    assert [state.scopes[Scope(f"each#1/item.{index}")].label for index in range(len(LABELS))] == [label for _, label in LABELS]


async def test_item_knows_itself_its_number_and_where_it_stands() -> None:
    state = await ran(mapped("[item, index]"), ["a", "b"])
    assert state.output == [["a", 0], ["b", 1]]
    scope = state.scopes[Scope("each#1/item.1")]
    assert (scope.parent, scope.node, scope.index, scope.seed, scope.finished, scope.output) == (ROOT, "each", 1, "b", True, ["b", 1])


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 4))
def test_results_stand_in_the_order_of_the_items_however_many_are_at_work(items: list[int], concurrency: int) -> None:
    state = asyncio.run(ran(mapped("item * 2 + index", {"concurrency": concurrency}), list(items)))
    assert state.output == [item * 2 + index for index, item in enumerate(items)]


async def test_body_that_brings_nothing_to_the_result_gives_null() -> None:
    document = mapped("item")
    never = [line.model_copy(update={"condition": "output > 1"}) if line.target_port == "result" else line for line in document.edges]
    assert (await ran(document.model_copy(update={"edges": tuple(never)}), [1, 2])).output == [None, 2]
