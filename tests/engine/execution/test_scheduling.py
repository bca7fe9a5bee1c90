"""When nodes fire: joins, skipped branches, firing rules, loops, maps."""

import asyncio
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import ROOT
from orchestrator.engine.log.status import NodeStatus, RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.graphs import chain, edge, fan, graph, loop, node, path


async def test_chain_carries_a_value_through_every_node() -> None:
    state = await Bench(chain(50)).finish(1)
    assert (state.status, state.output) == (RunStatus.SUCCEEDED, 51)


async def test_join_waits_for_all_branches() -> None:
    state = await Bench(fan(30)).finish(2)
    assert state.output == 60


async def test_loop_numbers_each_activation_and_stops_by_its_condition() -> None:
    state = await Bench(loop(7)).finish(0)
    assert state.output == 7
    assert sorted(state.scopes[ROOT].activations["count"]) == [1, 2, 3, 4, 5, 6, 7]


async def test_loop_that_is_used_up_takes_the_otherwise_edge() -> None:
    spin = graph(
        [node("start", "input"), node("a", "transform", {"expression": "input + 1"}), node("end", "output")],
        [edge("start", "a"), edge("a", "a.in", condition="true", max_iterations=3), edge("a", "end", otherwise=True)],
    )
    state = await Bench(spin).finish(0)
    assert state.output == 4


async def test_loop_that_is_used_up_with_no_way_on_exceeds_its_limit() -> None:
    spin = graph(
        [node("start", "input"), node("a", "transform", {"expression": "input + 1"}), node("end", "output")],
        [edge("start", "a"), edge("a", "a.in", max_iterations=3), edge("a", "end", condition="false")],
    )
    state = await Bench(spin).finish(0)
    assert state.status is RunStatus.LIMIT_EXCEEDED
    assert state.error is not None and "3 times" in state.error.message and "otherwise" in state.error.cure


async def test_skipped_branch_counts_as_arrived() -> None:
    routes = [{"name": "left", "condition": "input > 10"}, {"name": "right"}]
    forked = graph(
        [
            node("start", "input"),
            node("pick", "router", {"routes": routes}),
            node("l1", "transform", {"expression": "'left'"}),
            node("l2", "transform", {"expression": "input"}),
            node("r", "transform", {"expression": "'right'"}),
            node("meet", "join"),
            node("end", "output"),
        ],
        [edge("start", "pick"), edge("pick.left", "l1"), edge("l1", "l2"), edge("l2", "meet")]
        + [edge("pick.right", "r"), edge("r", "meet"), edge("meet", "end")],
    )
    for given, expected, skipped in ((20, ["left"], {"r"}), (1, ["right"], {"l1", "l2"})):
        state = await Bench(forked).finish(given)
        assert state.output == expected
        activations = state.scopes[ROOT].activations
        assert {name for name, acts in activations.items() if acts[1].status is NodeStatus.SKIPPED} == skipped


async def test_any_fires_on_the_first_value_and_only_once() -> None:
    async def slow(_arguments: object) -> str:
        await asyncio.sleep(0.01)
        return "slow"

    tools = MemoryTools({"slow": slow, "quick": lambda _arguments: "quick"})
    race = graph(
        [
            node("start", "input"),
            node("s", "tool", {"tool": "slow"}),
            node("q", "tool", {"tool": "quick"}),
            node("first", "transform", {"expression": "input"}, firing={"rule": "any"}),
            node("end", "output"),
        ],
        [edge("start", "s"), edge("start", "q"), edge("s", "first"), edge("q", "first"), edge("first", "end")],
    )
    state = await Bench(race, tools=tools).finish()
    assert state.output == "quick"
    assert list(state.scopes[ROOT].activations["first"]) == [1]


async def test_n_of_fires_when_enough_arrived_and_is_skipped_when_too_few_can() -> None:
    def voting(open_branches: int) -> Graph:
        names = ["a", "b", "c"]
        edges = [edge("start", name, condition="true" if i < open_branches else "false") for i, name in enumerate(names)]
        return graph(
            [node("start", "input"), *(node(n, "transform", {"expression": f"'{n}'"}) for n in names)]
            + [
                node("two", "join", firing={"rule": "n_of", "count": 2}),
                node("end", "output"),
                node("other", "output", {"value": "'none'"}),
            ],
            [*edges, *(edge(n, "two") for n in names), edge("two", "end"), edge("start", "other")],
        )

    enough = await Bench(voting(3)).finish()
    assert isinstance(enough.output, dict) and len(enough.output["end"]) >= 2
    few = await Bench(voting(1)).finish()
    assert few.output == "none"
    assert few.scopes[ROOT].activations["two"][1].status is NodeStatus.SKIPPED


async def test_join_inside_a_loop_gets_the_outer_value_again_in_each_round() -> None:
    document = graph(
        [
            node("start", "input"),
            node("step", "transform", {"expression": "input.n + 1"}),
            node("fixed", "transform", {"expression": "input.k"}),
            node("both", "join", {"reducer": "list"}),
            node("pack", "transform", {"fields": {"n": "input[0]", "k": "input[1]"}}),
            node("end", "output"),
        ],
        [edge("start", "step"), edge("start", "fixed"), edge("step", "both"), edge("fixed", "both"), edge("both", "pack")]
        + [edge("pack", "step.in", condition="output.n < 4", max_iterations=9), edge("pack", "end", otherwise=True)],
    )
    state = await Bench(document).finish({"n": 0, "k": "same"})
    assert state.output == {"n": 4, "k": "same"}


async def test_exit_edge_of_a_loop_does_not_skip_what_follows_before_the_loop_is_over() -> None:
    document = graph(
        [
            node("start", "input"),
            node("work", "transform", {"expression": "input + 1"}),
            node("side", "transform", {"expression": "'side'"}),
            node("meet", "join"),
            node("end", "output"),
        ],
        [edge("start", "work"), edge("start", "side"), edge("work", "work.in", condition="output < 3", max_iterations=5)]
        + [edge("work", "meet", otherwise=True), edge("side", "meet"), edge("meet", "end")],
    )
    state = await Bench(document).finish(0)
    assert state.output == [3, "side"]


async def test_nested_loops_come_to_their_end() -> None:
    document = graph(
        [
            node("start", "input"),
            node("outer", "transform", {"fields": {"o": "input.o + 1", "i": "0"}}),
            node("inner", "transform", {"fields": {"o": "input.o", "i": "input.i + 1"}}),
            node("after", "transform", {"expression": "input"}),
            node("end", "output"),
        ],
        [edge("start", "outer"), edge("outer", "inner"), edge("inner", "inner.in", condition="output.i < 3", max_iterations=50)]
        + [edge("inner", "after", otherwise=True), edge("after", "outer.in", condition="output.o < 4", max_iterations=50)]
        + [edge("after", "end", otherwise=True)],
    )
    state = await Bench(document).finish({"o": 0, "i": 0})
    assert state.output == {"o": 4, "i": 3}
    assert len(state.scopes[ROOT].activations["inner"]) == 12


async def test_map_runs_its_body_for_each_item_and_keeps_their_order() -> None:
    state = await Bench(mapped("item * 10 + index")).finish([3, 1, 2])
    assert state.output == [30, 11, 22]


async def test_map_of_an_empty_list_gives_an_empty_list() -> None:
    state = await Bench(mapped("item")).finish([])
    assert state.output == []


async def test_map_never_has_more_items_at_work_than_it_may() -> None:
    at_work = most = 0

    async def busy(_arguments: object) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.001)
        at_work -= 1
        return 1

    body = [node("use", "tool", {"tool": "busy"}, parent="each")]
    document = mapped_body(body, [edge("each.item", "use"), edge("use", "each.result")], {"concurrency": 3})
    state = await Bench(document, tools=MemoryTools({"busy": busy})).finish(list(range(20)))
    assert state.output == [1] * 20
    assert most == 3


@pytest.mark.parametrize(("policy", "expected"), [("skip", [1, 3]), ("record", [1, "expression_failed", 3]), ("fail", RunStatus.FAILED)])
async def test_a_failing_item_is_treated_as_the_map_says(policy: str, expected: object) -> None:
    body = [node("check", "transform", {"expression": "item.n"}, parent="each")]
    document = mapped_body(body, [edge("each.item", "check"), edge("check", "each.result")], {"on_item_error": policy})
    state = await Bench(document).finish([{"n": 1}, {}, {"n": 3}])
    if policy == "fail":
        assert state.status is expected
    else:
        assert [value["error"]["code"] if isinstance(value, dict) else value for value in state.output] == expected


async def test_map_inside_a_map_sees_its_own_item() -> None:
    nodes = [
        node("start", "input"),
        node("rows", "map"),
        node("cells", "map", {"items": "item"}, parent="rows"),
        node("square", "transform", {"expression": "item * item"}, parent="cells"),
        node("end", "output"),
    ]
    edges = [edge("start", "rows"), edge("rows.item", "cells"), edge("cells.item", "square"), edge("square", "cells.result")]
    state = await Bench(graph(nodes, [*edges, edge("cells", "rows.result"), edge("rows", "end")])).finish([[1, 2], [3]])
    assert state.output == [[1, 4], [9]]


async def test_branches_really_run_at_the_same_time() -> None:
    met = asyncio.Barrier(5)

    async def meet(_arguments: object) -> str:
        await asyncio.wait_for(met.wait(), 2)
        return "met"

    names = [f"t{i}" for i in range(5)]
    document = graph(
        [node("start", "input"), *(node(n, "tool", {"tool": "meet"}) for n in names), node("all", "join"), node("end", "output")],
        [*(edge("start", n) for n in names), *(edge(n, "all") for n in names), edge("all", "end")],
    )
    state = await Bench(document, tools=MemoryTools({"meet": meet})).finish()
    assert state.output == ["met"] * 5


async def test_run_that_reaches_no_output_says_so() -> None:
    document = graph([node("start", "input"), node("end", "output")], [edge("start", "end", condition="output > 5")])
    state = await Bench(document).finish(1)
    assert state.status is RunStatus.FAILED
    assert state.error is not None and state.error.code == "no_route"


async def test_channels_take_values_in_through_their_reducers() -> None:
    document = graph(
        [
            node("start", "input"),
            node("a", "transform", {"expression": "1"}, writes={"seen": "output", "total": "output"}),
            node("b", "transform", {"expression": "2"}, writes={"seen": "output", "total": "output"}),
            node("end", "output", {"value": "{'seen': state.seen, 'total': state.total}"}),
        ],
        path("start", "a", "b", "end"),
        channels={"seen": {"reducer": "append"}, "total": {"reducer": "sum", "initial": 10}},
    )
    state = await Bench(document).finish()
    assert state.output == {"seen": [1, 2], "total": 13}


async def test_g02_map_over_more_items_than_allowed_ends_the_run_before_any_item_begins() -> None:
    document = mapped("item")
    document = document.model_copy(update={"limits": document.limits.model_copy(update={"max_items": 3})})
    state = await Bench(document).finish([1, 2, 3, 4])
    assert state.status is RunStatus.LIMIT_EXCEEDED
    assert state.error is not None and "4 items, at most 3" in state.error.message
    assert list(state.scopes) == [ROOT]


async def test_run_stops_at_its_step_limit() -> None:
    document = chain(30).model_copy(update={"limits": chain(1).limits.model_copy(update={"max_steps": 10})})
    state = await Bench(document).finish(0)
    assert state.status is RunStatus.LIMIT_EXCEEDED
    assert state.steps == 10


def mapped(expression: str) -> Graph:
    body = [node("calc", "transform", {"expression": expression}, parent="each")]
    return mapped_body(body, [edge("each.item", "calc"), edge("calc", "each.result")])


def mapped_body(body: list[dict[str, Any]], edges: list[dict[str, Any]], params: dict[str, Any] | None = None) -> Graph:
    nodes = [node("start", "input"), node("each", "map", params or {}), *body, node("end", "output")]
    return graph(nodes, [edge("start", "each"), *edges, edge("each", "end")])


def test_engine_error_shows_its_docstring_when_nothing_else_is_said() -> None:
    assert "mend it" in str(EngineError())
