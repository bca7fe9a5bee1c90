"""How values travel: reducers, joins, arguments with placeholders, what a step can see."""

import asyncio
from typing import Any

import pytest

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.channels import reduce_value
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.nodes.join import JoinReducer, combine
from orchestrator.engine.testing import Bench, MemoryTools
from tests.graphs import edge, graph, node, path


@pytest.mark.parametrize(
    ("reducer", "before", "value", "after"),
    [
        ("last", 1, 2, 2),
        ("append", None, 1, [1]),
        ("append", [1], [2], [1, [2]]),
        ("extend", [1], [2, 3], [1, 2, 3]),
        ("merge", {"a": 1, "b": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ("merge", None, {"b": 2}, {"b": 2}),
        ("sum", None, 2, 2),
        ("sum", 1.5, 2, 3.5),
        ("max", None, -1, -1),
        ("max", 3, 2, 3),
        ("min", 3, 2, 2),
    ],
)
def test_reducer_takes_a_value_in(reducer: str, before: Json, value: Json, after: Json) -> None:
    assert reduce_value(ReducerName(reducer), before, value) == after


@pytest.mark.parametrize(
    ("reducer", "before", "value"),
    [("append", "x", 1), ("extend", [], 1), ("merge", {}, []), ("sum", 1, "2"), ("sum", 1, True), ("max", "a", 1)],
)
def test_reducer_refuses_what_does_not_go_together(reducer: str, before: Json, value: Json) -> None:
    with pytest.raises(EngineError, match=f"Reducer {reducer} cannot take"):
        reduce_value(ReducerName(reducer), before, value)


@pytest.mark.parametrize(
    ("reducer", "values", "expected"),
    [
        ("list", [1, "a"], [1, "a"]),
        ("merge", [{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ("concat", ["a", "b"], "ab"),
        ("concat", [[1], [2]], [1, 2]),
        ("first", [1, 2], 1),
        ("last", [1, 2], 2),
        ("sum", [1, 2.5], 3.5),
    ],
)
def test_join_combines(reducer: str, values: list[Json], expected: Json) -> None:
    assert combine(JoinReducer(reducer), values) == expected


@pytest.mark.parametrize(("reducer", "values"), [("merge", [{"a": 1}, 2]), ("concat", ["a", ["b"]]), ("sum", [1, True])])
def test_join_refuses_what_does_not_go_together(reducer: str, values: list[Json]) -> None:
    with pytest.raises(EngineError, match=f"{reducer} cannot combine"):
        combine(JoinReducer(reducer), values)


async def test_arguments_keep_their_type_where_a_placeholder_stands_alone() -> None:
    arguments: dict[str, Any] = {"count": "{{ input.n }}", "text": "n is {{ input.n }}", "deep": [{"all": "{{ input }}"}, True], "plain": 7}
    document = graph(
        [node("start", "input"), node("call", "tool", {"tool": "echo", "arguments": arguments}), node("end", "output")],
        path("start", "call", "end"),
    )
    state = await Bench(document, tools=MemoryTools({"echo": lambda given: given})).finish({"n": 3})
    assert state.output == {"count": 3, "text": "n is 3", "deep": [{"all": {"n": 3}}, True], "plain": 7}


async def test_step_sees_outputs_of_its_own_and_enclosing_scopes() -> None:
    nodes = [
        node("start", "input"),
        node("before", "transform", {"expression": "'outside'"}),
        node("each", "map", {"items": "run.input"}),
        node("one", "transform", {"expression": "item * 10"}, parent="each"),
        node("two", "transform", {"expression": "[nodes.one.out, nodes.before.out, index, size(nodes)]"}, parent="each"),
        node("end", "output"),
    ]
    edges = [
        *path("start", "before", "each"),
        edge("each.item", "one"),
        edge("one", "two"),
        edge("two", "each.result"),
        edge("each", "end"),
    ]
    state = await Bench(graph(nodes, edges)).finish([1, 2])
    assert state.output == [[10, "outside", 0, 5], [20, "outside", 1, 5]]


async def test_step_sees_shared_state_as_of_its_start_whatever_others_write_meanwhile() -> None:
    read, written = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        read.set()
        await written.wait()
        return "slow"

    async def quick(_arguments: dict[str, Json]) -> Json:
        await read.wait()
        return "quick"

    def notify(_arguments: dict[str, Json]) -> Json:
        written.set()
        return None

    nodes = [
        node("start", "input"),
        node("reader", "tool", {"tool": "slow"}, writes={"seen": "state.notes"}),
        node("writer", "tool", {"tool": "quick"}, writes={"notes": "'written'"}),
        node("told", "tool", {"tool": "notify"}),
        node("both", "join"),
        node("end", "output", {"value": "{'seen': state.seen, 'notes': state.notes}"}),
    ]
    edges = [
        edge("start", "reader"),
        edge("start", "writer"),
        edge("writer", "told"),
        edge("reader", "both"),
        edge("told", "both"),
        edge("both", "end"),
    ]
    tools = MemoryTools({"slow": slow, "quick": quick, "notify": notify})
    state = await Bench(graph(nodes, edges, channels={"seen": {}, "notes": {"initial": "nothing"}}), tools=tools).finish()
    assert state.output == {"seen": "nothing", "notes": "written"}


async def test_join_inside_an_inner_loop_repeats_what_only_the_outer_round_brought() -> None:
    nodes = [
        node("start", "input"),
        node("outer", "transform", {"fields": {"o": "input.o + 1", "i": "0"}}),
        node("fixed", "transform", {"expression": "input.o"}),
        node("inner", "transform", {"fields": {"o": "input.o", "i": "input.i + 1"}}),
        node("pair", "join"),
        node("pack", "transform", {"expression": "input[0]"}),
        node("end", "output"),
    ]
    edges = [
        edge("start", "outer"),
        edge("outer", "fixed"),
        edge("outer", "inner"),
        edge("inner", "pair"),
        edge("fixed", "pair"),
        edge("pair", "pack"),
        edge("pack", "inner.in", condition="output.i < 3", max_iterations=20),
        edge("pack", "outer.in", condition="output.i >= 3 && output.o < 2", max_iterations=20),
        edge("pack", "end", condition="output.i >= 3 && output.o >= 2"),
    ]
    state = await Bench(graph(nodes, edges)).finish({"o": 0})
    assert state.status is RunStatus.SUCCEEDED, state.error
    assert state.output == {"o": 2, "i": 3}


@pytest.mark.parametrize("rounds", [150, 400])
@pytest.mark.parametrize("expression", ["{'a': input}", "[input]"])
async def test_g06_a_value_that_is_put_into_itself_again_and_again_ends_the_run_with_a_limit(expression: str, rounds: int) -> None:
    nodes = [node("start", "input"), node("wrap", "transform", {"expression": expression}, firing={"rule": "any"}), node("end", "output")]
    rig = Bench(graph(nodes, [edge("start", "wrap"), edge("wrap", "wrap", max_iterations=rounds), edge("wrap", "end")]))
    state = await rig.finish(1)
    if rounds < 200:
        assert state.status is RunStatus.SUCCEEDED
    else:
        assert state.status is RunStatus.FAILED and state.error is not None
        assert state.error.code == "limit_exceeded" and "nested deeper than 200 levels" in state.error.message


async def test_g06_a_long_chain_that_wraps_what_it_gets_holds_up_nobody() -> None:
    wrap = "{'a':" * 20 + "input" + "}" * 20
    names = [f"t{number}" for number in range(60)]
    nodes = [node("start", "input"), *(node(name, "transform", {"expression": wrap}) for name in names), node("end", "output")]
    rig = Bench(graph(nodes, path("start", *names, "end")))
    deep: Json = 1
    for _ in range(60):
        deep = {"a": deep}
    async with asyncio.timeout(10):
        state = await rig.finish(deep)
    assert state.error is not None and state.error.code == "limit_exceeded"
