"""Where values go when a node has ended: conditions, loops in loops, shapes, and faults on the way out."""

from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import ROOT, Json, NodeId
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import NodeStatus, RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.graphs import edge, graph, node, path


class Counting(MemoryTools):
    """A tool that counts its calls."""

    def __init__(self) -> None:
        super().__init__({"pay": lambda _arguments: "paid"})


def after_payment(condition: str | None = None, **rest: Any) -> Graph:
    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay"}, **rest), node("end", "output")]
    nodes += [node("sorry", "output", {"value": "input.code"})] if rest.get("on_error") == "port" else []
    edges = [edge("start", "pay"), edge("pay", "end", condition=condition)]
    edges += [edge("pay.error", "sorry")] if rest.get("on_error") == "port" else []
    return graph(nodes, edges, channels={"total": {"reducer": "sum", "initial": 0}})


RETRIED = {"retry": {"attempts": 5, "initial_s": 0}}


@pytest.mark.parametrize(
    ("condition", "rest", "code"),
    [
        ("output.missing > 1", {}, ErrorCode.EXPRESSION_FAILED),
        ("output", {}, ErrorCode.EXPRESSION_FAILED),
        (None, {"writes": {"total": "output.missing"}}, ErrorCode.EXPRESSION_FAILED),
        (None, {"writes": {"total": "output"}}, ErrorCode.INVALID_OUTPUT),
    ],
)
async def test_fault_after_the_work_repeats_none_of_it(condition: str | None, rest: dict[str, Any], code: ErrorCode) -> None:
    tools = Counting()
    rig = Bench(after_payment(condition, **RETRIED, **rest), tools=tools)
    state = await rig.finish()
    assert state.error is not None and (state.error.code, len(tools.calls)) == (code, 1)
    assert fold(rig.log.events) == state
    tools = Counting()
    state = await Bench(after_payment(condition, **RETRIED, **rest, on_error="port"), tools=tools).finish()
    assert (state.output, len(tools.calls)) == (str(code), 1), "the fault leaves by the error port"


async def test_fault_on_the_way_out_for_errors_fails_the_run() -> None:
    nodes = [node("start", "input"), node("bad", "transform", {"expression": "input.x.y"}, on_error="port"), node("end", "output")]
    document = graph(nodes, [edge("start", "bad"), edge("bad.error", "end", condition="output.missing == 1")])
    rig = Bench(document)
    state = await rig.finish({"x": 1})
    assert state.status is RunStatus.FAILED and state.error is not None and "output.missing" in state.error.message
    failed = next(event for event in rig.log.events if event.type == "node_failed")
    assert not failed.handled


async def test_condition_sees_what_its_own_node_writes() -> None:
    nodes = [node("start", "input"), node("count", "transform", {"expression": "input"}, writes={"rounds": "1"}), node("end", "output")]
    back = edge("count", "count", condition="state.rounds < 3", max_iterations=9)
    document = graph(
        nodes, [edge("start", "count"), back, edge("count", "end", otherwise=True)], channels={"rounds": {"reducer": "sum", "initial": 0}}
    )
    state = await Bench(document).finish(1)
    assert sorted(state.scopes[ROOT].activations["count"]) == [1, 2, 3]


async def test_node_with_several_ports_writes_what_left_by_them() -> None:
    routes = [{"name": "big", "condition": "input > 5"}, {"name": "small"}]
    nodes = [node("start", "input"), node("r", "router", {"routes": routes}, writes={"seen": "output"}), node("end", "output")]
    state = await Bench(graph(nodes, [edge("start", "r"), edge("r.big", "end")], channels={"seen": {}})).finish(7)
    assert state.channels["seen"].as_of(state.last_seq) == {"big": 7}


async def test_condition_of_an_agents_loop_sees_the_last_value_it_wrote() -> None:
    nodes = [node("start", "input"), node("n", "transform", {"expression": "input + 1"}, writes={"last": "output"}), node("end", "output")]
    document = graph(
        nodes,
        [edge("start", "n"), edge("n", "n", condition="state.last < 4", max_iterations=9), edge("n", "end", otherwise=True)],
        channels={"last": {"initial": 0}},
    )
    assert (await Bench(document).finish(0)).output == 4


def times(state: RunState, name: str) -> int:
    """How often a node really ran."""
    return sum(act.status is NodeStatus.SUCCEEDED for act in state.scopes[ROOT].activations[NodeId(name)].values())


def nested(inner: int, outer: int, condition: str = "true") -> Graph:
    nodes = [node("start", "input"), *(node(name, "transform", {"expression": "1"}) for name in ("o", "i", "a")), node("end", "output")]
    edges = [*path("start", "o", "i"), edge("i", "i", condition=condition, max_iterations=inner), edge("i", "a", otherwise=True)]
    edges += [edge("a", "o", condition="true", max_iterations=outer), edge("a", "end", otherwise=True)]
    return graph(nodes, edges)


@pytest.mark.parametrize(("inner", "outer"), [(1, 1), (2, 3), (3, 1)])
async def test_inner_loop_is_limited_in_each_round_of_the_outer_one(inner: int, outer: int) -> None:
    state = await Bench(nested(inner, outer)).finish()
    counted = {name: times(state, name) for name in ("o", "i", "a")}
    assert counted == {"o": outer + 1, "i": (inner + 1) * (outer + 1), "a": outer + 1}


async def test_three_loops_in_each_other() -> None:
    names = ("o", "m", "i", "x", "y")
    nodes = [node("start", "input"), *(node(name, "transform", {"expression": "1"}) for name in names), node("end", "output")]
    edges = [*path("start", "o", "m", "i"), edge("i", "i", condition="true", max_iterations=1), edge("i", "x", otherwise=True)]
    edges += [edge("x", "m", condition="true", max_iterations=1), edge("x", "y", otherwise=True)]
    edges += [edge("y", "o", condition="true", max_iterations=1), edge("y", "end", otherwise=True)]
    state = await Bench(graph(nodes, edges)).finish()
    assert {name: times(state, name) for name in names} == {"o": 2, "m": 4, "i": 8, "x": 4, "y": 2}


async def test_two_loops_of_one_node_do_not_begin_each_other_anew() -> None:
    nodes = [node("start", "input"), node("h", "transform", {"expression": "1"}, writes={"n": "1"}), node("end", "output")]
    nodes += [node(name, "transform", {"expression": "1"}) for name in "ab"]
    edges = [edge("start", "h"), edge("h", "a", condition="state.n % 2 == 1"), edge("h", "b", condition="state.n % 2 == 0")]
    edges += [edge("a", "h", max_iterations=3), edge("b", "h", max_iterations=3), edge("h", "end", condition="false")]
    state = await Bench(graph(nodes, edges, channels={"n": {"reducer": "sum", "initial": 0}})).finish()
    assert state.status is RunStatus.LIMIT_EXCEEDED
    assert (times(state, "a"), times(state, "b")) == (3, 3)


async def test_inner_loop_that_ends_and_begins_by_the_same_node_counts_anew() -> None:
    nodes = [
        node("start", "input"),
        node("i", "transform", {"expression": "1"}),
        node("a", "transform", {"expression": "1"}),
        node("end", "output"),
    ]
    edges = [edge("start", "i"), edge("i", "i", condition="true", max_iterations=2), edge("i", "a", otherwise=True)]
    edges += [edge("a", "i", condition="true", max_iterations=1), edge("a", "end", otherwise=True)]
    state = await Bench(graph(nodes, edges)).finish()
    assert {name: times(state, name) for name in "ia"} == {"i": 6, "a": 2}


def merged(open_branches: int, firing: dict[str, Any] | None = None) -> Graph:
    names = "abc"
    rest = {"firing": firing} if firing else {}
    nodes = [node("start", "input"), *(node(name, "transform", {"expression": f"'{name}'"}) for name in names)]
    nodes += [node("meet", "transform", {"expression": "input"}, **rest), node("end", "output")]
    edges = [edge("start", name, condition="true" if index < open_branches else "false") for index, name in enumerate(names)]
    return graph(nodes, [*edges, *(edge(name, "meet") for name in names), edge("meet", "end")])


@pytest.mark.parametrize("open_branches", [1, 2, 3])
async def test_port_at_which_several_edges_end_gets_a_list_whichever_of_them_carried(open_branches: int) -> None:
    assert (await Bench(merged(open_branches)).finish()).output == list("abc"[:open_branches])
    counted = await Bench(merged(open_branches, {"rule": "n_of", "count": 1})).finish()
    assert isinstance(counted.output, list) and len(counted.output) >= 1


@pytest.mark.parametrize("open_branches", [1, 2, 3])
async def test_where_the_first_is_enough_it_arrives_alone(open_branches: int) -> None:
    assert (await Bench(merged(open_branches, {"rule": "any"})).finish()).output in tuple("abc"[:open_branches])


@pytest.mark.parametrize("open_branches", [1, 2])
async def test_result_of_a_body_with_several_ends_is_a_list(open_branches: int) -> None:
    nodes = [node("start", "input"), node("each", "map"), node("end", "output")]
    nodes += [node(name, "transform", {"expression": f"'{name}'"}, parent="each") for name in "ab"]
    edges = [edge("each.item", "a"), edge("each.item", "b"), edge("a", "each.result")]
    edges += [edge("b", "each.result", condition="true" if open_branches == 2 else "false")]
    state = await Bench(graph(nodes, [edge("start", "each"), *edges, edge("each", "end")])).finish([1])
    assert state.output == [list("ab"[:open_branches])]


async def test_value_that_comes_back_along_a_loop_has_the_shape_of_the_first() -> None:
    document = graph(
        [node("start", "input"), node("n", "transform", {"expression": "input + 1"}), node("end", "output")],
        [edge("start", "n"), edge("n", "n", condition="output < 3", max_iterations=9), edge("n", "end", otherwise=True)],
    )
    assert (await Bench(document).finish(0)).output == 3


async def test_failure_that_was_recorded_before_a_death_is_not_forgotten() -> None:
    nodes = [node("start", "input"), node("bad", "transform", {"expression": "input.x.y"}), node("end", "output", {"value": "1"})]
    whole = Bench(graph(nodes, [edge("start", "bad"), edge("start", "end")]))
    await whole.finish({"x": 1})
    failed = next(index for index, event in enumerate(whole.log.events) if event.type == "node_failed")
    rig = Bench(whole.graph)
    rig.log.events = whole.log.events[: failed + 1]
    assert (await rig.finish({"x": 1})).status is RunStatus.FAILED


async def test_failed_item_is_raised_again_before_its_siblings_begin() -> None:
    nodes = [node("start", "input"), node("each", "map"), node("end", "output")]
    nodes += [node("look", "tool", {"tool": "look", "arguments": {"n": "{{ item }}"}}, parent="each")]

    def look(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 1:
            raise RuntimeError("bad item")
        return 1

    document = graph(nodes, [edge("start", "each"), edge("each.item", "look"), edge("look", "each.result"), edge("each", "end")])
    whole = Bench(document, tools=MemoryTools({"look": look}))
    await whole.finish([1, 2])
    cut = next(index for index, event in enumerate(whole.log.events) if event.type == "scope_finished")
    rig = Bench(document, tools=MemoryTools({"look": look}))
    rig.log.events = whole.log.events[: cut + 1]
    state = await rig.finish([1, 2])
    assert state.status is RunStatus.FAILED and rig.tools.calls == []


async def test_loop_for_errors_that_is_used_up_ends_the_run() -> None:
    nodes = [node("start", "input"), node("bad", "transform", {"expression": "run.input.missing"}, on_error="port"), node("end", "output")]
    edges = [edge("start", "bad"), edge("bad", "end"), edge("bad.error", "bad", max_iterations=2)]
    state = await Bench(graph(nodes, edges)).finish({"x": 1})
    assert state.status is RunStatus.LIMIT_EXCEEDED and len(state.scopes[ROOT].activations[NodeId("bad")]) == 3


async def test_router_with_no_route_says_so_and_map_over_no_list_too() -> None:
    routes = [{"name": "big", "condition": "input > 10"}]
    routed = graph(
        [node("start", "input"), node("pick", "router", {"routes": routes}), node("end", "output")],
        [edge("start", "pick"), edge("pick.big", "end")],
    )
    state = await Bench(routed).finish(1)
    assert state.error is not None and state.error.code == ErrorCode.NO_ROUTE
    nodes = [node("start", "input"), node("each", "map"), node("use", "transform", parent="each"), node("end", "output")]
    mapped = graph(nodes, [edge("start", "each"), edge("each.item", "use"), edge("use", "each.result"), edge("each", "end")])
    state = await Bench(mapped).finish({"not": "a list"})
    assert state.error is not None and "expected a list" in state.error.message


async def test_tool_node_says_when_there_is_no_such_tool_and_when_its_arguments_do_not_fit() -> None:
    class Strict(MemoryTools):
        def spec(self, name: str) -> ToolSpec | None:
            spec = super().spec(name)
            return spec and spec.model_copy(update={"parameters": {"type": "object", "required": ["n"]}})

    for tools, code in ((MemoryTools(), ErrorCode.TOOL_FAILED), (Strict({"pay": lambda _: 1}), ErrorCode.INVALID_PARAMS)):
        state = await Bench(after_payment(), tools=tools).finish()
        assert state.error is not None and (state.error.code, tools.calls) == (code, [])


async def test_answer_by_a_button_that_is_not_there_fails_the_node() -> None:
    rig = Bench(
        graph([node("start", "input"), node("ask", "human"), node("end", "output")], [edge("start", "ask"), edge("ask.approve", "end")])
    )
    await rig.go()
    runner = rig.runner()
    runner.deliver(runner.state.waiting()[0], {"action": "maybe"}, "ann")
    state = await rig.go(None, runner)
    assert state.error is not None and "approve, reject" in state.error.message


async def test_limit_of_an_edge_that_leads_nowhere_back_counts_nothing() -> None:
    """A loop that was opened again in the editor leaves one behind. It made the worker stumble over a missing name."""
    edges = [edge("start", "a", max_iterations=1), edge("a", "end", max_iterations=1)]
    document = graph([node("start", "input"), node("a", "transform"), node("end", "output")], edges)
    assert (await Bench(document).finish(1)).output == 1


async def test_loop_that_is_the_way_otherwise_ends_at_its_limit() -> None:
    """Its limit was not looked at: only the step limit of the run ended it, 20 000 steps later."""
    nodes = [node("start", "input"), node("a", "transform", {"expression": "input + 1"}), node("end", "output")]
    edges = [edge("start", "a"), edge("a", "a", otherwise=True, max_iterations=2), edge("a", "end", condition="output > 9")]
    ended = await Bench(graph(nodes, edges)).finish(0)
    assert (ended.status, ended.steps) == (RunStatus.LIMIT_EXCEEDED, 4)
    assert (await Bench(graph(nodes, edges)).finish(7)).output == 10


def loop_into_loop(**way_in: Any) -> Graph:
    """Two loops of one node each, one after the other. The way into the second may be open in each round of the first."""
    nodes = [node("start", "input"), *(node(name, "transform", {"expression": "input + 1"}) for name in ("a", "b")), node("end", "output")]
    back = [edge(name, name, condition="output % 3 != 0", max_iterations=9) for name in ("a", "b")]
    return graph(nodes, [edge("start", "a"), *back, edge("a", "b", **way_in), edge("b", "end", otherwise=True)])


async def test_loop_is_entered_once_by_the_way_that_is_open_once() -> None:
    state = await Bench(loop_into_loop(otherwise=True)).finish(1)
    assert (state.status, state.output) == (RunStatus.SUCCEEDED, 6)


async def test_second_value_into_a_loop_ends_the_run_and_says_where() -> None:
    rig = Bench(loop_into_loop())
    state = await rig.finish(1)
    assert state.status is RunStatus.FAILED and state.error is not None
    assert (state.error.code, state.error.message) == (
        ErrorCode.INVALID_GRAPH,
        "a sent 2 values into the loop around b, which can be entered once",
    )
    assert fold(rig.log.events) == state
