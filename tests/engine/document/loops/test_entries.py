"""Which loops more than one value may enter: said of the edge that lets it, as an error where it is sure."""

from itertools import pairwise
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.loops.entries import entry_problems
from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params, Yields
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import registered
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.engine.in_place import EVALUATING, at_once
from tests.graphs import edge, graph, node, path

LIMIT = {"max_iterations": 3}


def document(*edges: dict[str, Any], **kinds: dict[str, Any]) -> Graph:
    """From `start` to `end`, with a transform for each other name that an edge has; `kinds` says what else some are."""
    names = dict.fromkeys(line[end] for line in edges for end in ("source", "target"))
    steps = [node(name, **{"kind": "transform", **kinds.get(name, {})}) for name in names if name not in ("start", "end")]
    return graph([node("start", "input"), *steps, node("end", "output", {"value": "1"})], list(edges))


def entered(*edges: dict[str, Any], **kinds: dict[str, Any]) -> dict[str, str]:
    """What is found of a document whose last loop is around `b`: of each edge, whether it is sure to let a second value in."""
    whole = document(*edges, edge("b", "b", **LIMIT), edge("b", "end", otherwise=True), **kinds)
    found = check_graph(whole)
    assert {problem.code for problem in found} <= {"loop_entered_again"}, found
    return {str(problem.edge): str(problem.severity) for problem in found}


def back(source: str, target: str, **rest: Any) -> dict[str, Any]:
    return edge(source, target, **{**LIMIT, **rest})


def test_edge_that_is_taken_in_every_round_is_an_error_at_its_place_with_its_cure() -> None:
    whole = document(edge("start", "a"), back("a", "a"), edge("a", "b"), back("b", "b"), edge("b", "end", otherwise=True))
    assert check_graph(whole) == [
        Problem(
            code="loop_entered_again",
            edge="a-b",
            message="Edge 'a-b' leaves the loop around 'a' and is taken again when 'a-a' has led back; "
            "it leads into the loop around 'b', where a second value ends the run",
            cure="Make it the `otherwise` edge of the node that leads back, so that it is taken in the last round only, "
            "or put the loop around 'b' into a map.",
        )
    ]


def test_edge_that_may_be_taken_in_several_rounds_is_warned_of_with_the_way_that_its_values_take() -> None:
    edges = [edge("start", "a"), back("a", "a"), edge("a", "x", condition="output > 1"), edge("x", "b"), back("b", "b")]
    [found] = check_graph(document(*edges, edge("b", "end", otherwise=True)))
    assert (found.code, found.edge, found.severity) == ("loop_entered_again", "a-x", Severity.WARNING)
    assert found.message == (
        "Edge 'a-x' leaves the loop around 'a' and may be taken in several rounds; "
        "it leads by edge 'x-b' into the loop around 'b', where a second value ends the run"
    )


@pytest.mark.parametrize("sure_first", [True, False])
def test_edge_whose_values_enter_two_loops_is_told_once_by_the_one_that_is_sure(sure_first: bool) -> None:
    ways = [edge("x", "b"), edge("x", "c", condition="output > 1")]
    loops = [*(back(name, name) for name in "abc"), edge("b", "end", otherwise=True), edge("c", "end", otherwise=True)]
    [found] = check_graph(document(edge("start", "a"), edge("a", "x"), *(ways if sure_first else ways[::-1]), *loops))
    assert (found.edge, found.severity) == ("a-x", Severity.ERROR)
    assert "it leads by edge 'x-b' into the loop around 'b'" in found.message


@pytest.mark.parametrize("sure", ["y", "w"])
def test_edge_whose_values_come_by_two_ways_is_told_by_the_one_that_is_sure(sure: str) -> None:
    ways = [edge("x", name, **({} if name == sure else {"condition": "output > 1"})) for name in "yw"]
    assert entered(edge("start", "a"), back("a", "a"), edge("a", "x"), *ways, edge("y", "z"), edge("w", "z"), edge("z", "b")) == {
        "a-x": "error"
    }


def test_loop_that_is_entered_at_two_places_of_different_rounds_may_be_left_twice() -> None:
    """From `q` the way to `n` leads into the next round; `n` goes back to one of them, or on."""
    routes = [{"name": "p", "condition": "input > 5"}, {"name": "q", "condition": "input > 3"}, {"name": "on"}]
    ways = [edge("start", "p"), edge("start", "q"), edge("p", "n"), back("q", "p"), back("n.p", "p"), back("n.q", "q")]
    assert entered(*ways, edge("n.on", "b"), n={"kind": "router", "params": {"routes": routes}}) == {"n.on-b": "warning"}


SELF = [edge("start", "a"), back("a", "a")]
PAIR = [edge("start", "h"), edge("h", "t"), back("t", "h")]
FORK = [edge("start", "h"), *path("h", "x", "t"), *path("h", "y", "t"), back("t", "h")]
INNER = [edge("start", "o"), edge("o", "i"), back("i", "i"), edge("i", "t", otherwise=True), back("t", "o")]
ROUTES = {"kind": "router", "params": {"routes": [{"name": "again", "condition": "input < 3"}, {"name": "on"}]}}
ROUTED = [edge("start", "h"), edge("h", "r"), back("r.again", "h")]


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([*SELF, edge("a", "b", otherwise=True)], {}),
        ([edge("start", "a"), back("a", "a", otherwise=True), edge("a", "b", condition="output > 3")], {}),
        ([edge("start", "a"), back("a", "a", condition="output < 3"), edge("a", "b", condition="output >= 3")], {}),
        ([edge("start", "a"), back("a", "a", condition="output < 3"), edge("a", "b", condition="!(output < 3)")], {}),
        ([edge("start", "a"), back("a", "a", condition="output < 3"), edge("a", "b", condition="output >= 2")], {"a-b": "warning"}),
        ([edge("start", "a"), back("a", "a", condition="output < 3"), edge("a", "b")], {"a-b": "error"}),
        ([edge("start", "a"), back("a", "a", condition="false"), edge("a", "b")], {}),
        ([*SELF, edge("a", "b", condition="true")], {"a-b": "error"}),
        ([*SELF, edge("a", "b", condition="false")], {}),
        ([*SELF, edge("a", "b", condition="output > 1")], {"a-b": "warning"}),
        ([*PAIR, edge("t", "b", otherwise=True)], {}),
        ([*PAIR, edge("t", "b")], {"t-b": "error"}),
        ([*PAIR, edge("h", "b")], {"h-b": "error"}),
        ([*PAIR, edge("h", "b", otherwise=True)], {}),
        ([*FORK, edge("t", "b", otherwise=True)], {}),
        ([*FORK, edge("y", "b")], {"y-b": "error"}),
        ([*FORK, edge("x", "end"), edge("x", "b", condition="output > 1")], {"x-b": "warning"}),
        ([*FORK, edge("x", "h", **LIMIT), edge("t", "b", otherwise=True)], {"t-b": "warning"}),
        ([*INNER, edge("t", "b", otherwise=True)], {}),
        ([*INNER, edge("t", "b")], {"t-b": "warning"}),
        ([*INNER, edge("i", "b")], {"i-b": "error"}),
        ([*INNER, edge("i", "b", otherwise=True)], {"i-b": "warning"}),
        ([*INNER[:3], edge("i", "t"), INNER[4], edge("t", "b", otherwise=True)], {"i-t": "warning", "t-b": "warning"}),
        ([edge("start", "h"), back("h", "h"), edge("h", "a"), back("a", "a"), back("a", "h", otherwise=True)], {"h-a": "warning"}),
        (
            [edge("start", "h"), back("h", "h"), edge("h", "a", otherwise=True), back("a", "a"), back("a", "h", otherwise=True)],
            {},
        ),
        ([*SELF, edge("a", "x"), edge("x", "b", otherwise=True)], {"a-x": "warning"}),
        ([*SELF, edge("a", "x"), edge("x", "b")], {"a-x": "error"}),
        (
            [*SELF, edge("a", "x"), edge("a", "y", condition="output > 1"), edge("x", "b"), edge("y", "b")],
            {"a-x": "error", "a-y": "warning"},
        ),
        ([*SELF, edge("a", "x", otherwise=True), edge("x", "b")], {}),
        ([*SELF, edge("a", "x"), edge("a", "b", otherwise=True), edge("x", "end")], {}),
    ],
    ids=lambda value: " ".join(line["id"] for line in value) if isinstance(value, list) else "",
)
def test_edges_are_told_apart_by_how_often_they_are_taken(edges: list[dict[str, Any]], found: dict[str, str]) -> None:
    assert entered(*edges) == found


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([edge("start", "t"), edge("h", "t"), back("t", "h", max_iterations=1), edge("h", "b")], {"h-b": "warning"}),
        ([edge("start", "e"), edge("e", "u"), edge("h", "e"), back("u", "h", max_iterations=1), edge("h", "b")], {"h-b": "warning"}),
        ([edge("start", "v"), back("v", "h"), edge("h", "t"), back("t", "v"), edge("h", "b")], {"h-b": "error"}),
        ([edge("start", "h"), edge("h", "t"), *path("h", "x", "t"), back("t", "h"), edge("t", "b", otherwise=True)], {}),
        (
            [edge("start", "h"), edge("h", "t"), back("t", "h"), back("t", "x"), back("x", "h"), edge("t", "b", otherwise=True)],
            {"t-b": "warning"},
        ),
        ([*INNER, edge("o", "t"), edge("t", "b", otherwise=True)], {"o-i": "warning", "t-b": "warning"}),
        ([*INNER[:3], edge("i", "t", otherwise=True, **LIMIT), INNER[4], edge("t", "b", otherwise=True)], {}),
    ],
    ids=[
        "entered behind its first turn",
        "entered far behind its first turn",
        "by way of the entrance",
        "by a long way and a short one",
        "by two ways at once, of one round and of two",
        "through an inner loop and past it",
        "out of an inner loop by an edge with a limit",
    ],
)
def test_edge_is_taken_again_when_its_node_has_a_second_turn(edges: list[dict[str, Any]], found: dict[str, str]) -> None:
    assert entered(*edges) == found


def test_way_back_that_needs_another_value_makes_nothing_sure() -> None:
    edges = [edge("start", "h"), edge("h", "t"), edge("h", "u"), back("t", "w"), back("u", "w"), edge("w", "h"), edge("h", "b")]
    assert entered(*edges, w={"firing": {"rule": "n_of", "count": 2}}) == {"h-b": "warning"}


def test_ports_of_which_one_is_taken_exclude_each_other() -> None:
    assert entered(*ROUTED, edge("r.on", "b"), r=ROUTES) == {}
    assert entered(*ROUTED, edge("r.on", "end"), edge("h", "b"), r=ROUTES) == {"h-b": "error"}
    assert entered(*ROUTED, edge("r.again", "b"), edge("r.on", "end"), r=ROUTES) == {"r.again-b": "warning"}
    fails = {"on_error": "port"}
    assert entered(edge("start", "a"), back("a.error", "a"), edge("a", "b"), a=fails) == {}
    assert entered(edge("start", "a"), back("a", "a"), edge("a.error", "b"), a=fails) == {}
    assert entered(*SELF, edge("a", "b"), a=fails) == {"a-b": "warning"}


def test_ways_in_a_loop_of_which_one_is_taken_may_differ() -> None:
    """From the router, one way back counts one round and the other two."""
    routes = {"kind": "router", "params": {"routes": [{"name": name, "condition": "true"} for name in ("near", "far", "on")]}}
    edges = [edge("start", "h"), edge("h", "r"), back("r.near", "h"), back("r.far", "x"), back("x", "h"), edge("r.on", "b")]
    assert entered(*edges, r=routes) == {}


def test_kind_of_which_nothing_is_promised_is_never_sure() -> None:
    async def nothing(_ctx: object, _params: object) -> Outputs:
        return {}

    def kind(yields: Yields) -> NodeKind[Params]:
        return NodeKind(name="own", title="Own", summary="Own", group="data", icon="box", params=Params, run=nothing, yields=yields)

    for yields, found in ((Yields.SOME, "warning"), (Yields.ALL, "error")):
        with registered(kind(yields)):
            assert entered(*SELF, edge("a", "b"), a={"kind": "own"}) == {"a-b": found}
            assert entered(*SELF, edge("a", "x"), edge("x", "b"), x={"kind": "own"}) == {"a-x": found}


@pytest.mark.parametrize(("count", "found"), [(1, {"a-x": "error", "c-x": "error"}), (2, {"a-x": "warning", "c-x": "warning"}), (3, {})])
def test_node_that_waits_for_several_values_passes_on_a_second_time_when_so_many_come_twice(count: int, found: dict[str, str]) -> None:
    edges = [*SELF, edge("start", "c"), back("c", "c"), edge("start", "x"), edge("a", "x"), edge("c", "x"), edge("x", "b")]
    assert entered(*edges, x={"firing": {"rule": "n_of", "count": count}}) == found


def test_value_that_enters_in_the_middle_of_a_loop_has_gone_half_a_round() -> None:
    """From `t`, the edge back comes first: the loop is left after one turn of `h`, and yet the limit was counted once."""
    edges = [edge("start", "t"), edge("h", "t"), back("t", "h", condition="output < 2")]
    assert entered(*edges, edge("h", "b")) == {"h-b": "warning"}


def test_way_back_that_need_not_come_round_makes_nothing_sure() -> None:
    edges = [edge("start", "h"), edge("h", "t", condition="output < 2"), back("t", "x"), edge("x", "h", condition="output > 1")]
    assert entered(*edges, edge("h", "b")) == {"h-b": "warning"}
    waits = [edge("start", "h"), edge("start", "h2"), edge("h2", "h"), edge("h", "t"), back("t", "h")]
    assert entered(*waits, edge("h", "b"), h={"firing": {"rule": "n_of", "count": 2}}) == {"h-b": "warning"}


def test_loop_after_a_loop_after_a_loop_is_entered_once_when_each_is_left_once() -> None:
    assert entered(*SELF, edge("a", "c", otherwise=True), back("c", "c"), edge("c", "b", otherwise=True)) == {}
    assert entered(*SELF, edge("a", "c"), back("c", "c"), edge("c", "b", otherwise=True)) == {"a-c": "error"}


def test_body_of_a_map_is_looked_at_by_itself() -> None:
    """Each item enters the loops of the body once, and so the cure is no problem."""
    outside = [node("start", "input"), node("m", "map", {"items": "[input]"}), node("end", "output")]
    body = [node(name, "transform", parent="m") for name in "ab"]
    edges = [*path("start", "m", "end"), edge("m.item", "a"), back("a", "a"), back("b", "b"), edge("b", "m.result", otherwise=True)]
    assert [problem.edge for problem in check_graph(graph([*outside, *body], [*edges, edge("a", "b")]))] == ["a-b"]
    assert check_graph(graph([*outside, *body], [*edges, edge("a", "b", otherwise=True)])) == []
    cured = [edge("start", "a"), back("a", "a"), edge("a", "m"), edge("m.item", "b"), back("b", "b"), edge("b", "m.result", otherwise=True)]
    inside = [node("a", "transform"), node("b", "transform", parent="m")]
    assert check_graph(graph([*outside, *inside], [*cured, edge("m", "end")])) == []


async def test_run_that_was_begun_before_this_was_foreseen_goes_on() -> None:
    """It is refused when it is published or started, not when a worker takes it up: it may never come to a second round."""
    whole = document(
        edge("start", "a"), back("a", "a", condition="false"), edge("a", "b"), back("b", "b"), edge("b", "end", otherwise=True)
    )
    sure = document(
        edge("start", "a"), back("a", "a", condition="output > 1"), edge("a", "b"), back("b", "b"), edge("b", "end", otherwise=True)
    )
    for one in (whole, sure):
        at_once(EVALUATING.require_valid(one))
        assert (await Bench(one).finish(1)).status is RunStatus.SUCCEEDED


def test_nothing_is_said_of_loops_where_there_are_other_errors() -> None:
    whole = document(edge("start", "a"), back("a", "a"), edge("a", "b"), back("b", "b"), edge("b", "end", condition="("))
    assert {problem.code for problem in check_graph(whole)} == {"bad_expression"}


def many_loops(count: int) -> Graph:
    """A loop of so many nodes, of which each leads into another loop, and each back to the first."""
    names = [f"n{index}" for index in range(count)]
    round_trip = [*path("start", *names), *(back(name, names[0]) for name in names)]
    return document(*round_trip, *(edge(name, "b", otherwise=True) for name in names), back("b", "b"), edge("b", "end", otherwise=True))


def nested_loops(depth: int) -> Graph:
    """A loop in a loop in a loop, and so on; the innermost leads into another one."""
    names = [f"n{index}" for index in range(depth)]
    edges = [*path("start", *names), *(back(name, name) for name in names)]
    for outer, inner in pairwise(names):
        edges.append(back(inner, outer, condition="output > 1"))
    return document(*edges, edge(names[-1], "b", otherwise=True), back("b", "b"), edge("b", "end", otherwise=True))


@pytest.mark.parametrize("whole", [many_loops(1000), nested_loops(1000)], ids=["many ways out", "deep"])
def test_document_made_to_need_much_work_gets_a_warning_instead(whole: Graph) -> None:
    found = list(entry_problems(whole))
    assert found and {problem.severity for problem in found} == {Severity.WARNING}
