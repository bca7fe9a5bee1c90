"""What is known of a graph before it runs: loops, bodies, the shapes of ports."""

from typing import Any

import pytest
from pydantic import Field

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params
from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.document.registry import registered
from orchestrator.engine.execution.firing.plan import Plan, compile_plan, plan_of
from orchestrator.engine.ids import EdgeId, NodeId
from tests.engine.in_place import EVALUATING, at_once
from tests.graphs import chain, edge, fan, graph, loop, node, path


def planned(nodes: str, *edges: dict[str, Any], **rest: dict[str, Any]) -> Plan:
    """`nodes` are transforms of one letter; `rest` says more of some."""
    return compile_plan(graph([node(name, "transform", **rest.get(name, {})) for name in nodes], list(edges)))


def back(source: str, target: str) -> dict[str, Any]:
    return edge(source, target, max_iterations=3)


def test_plan_is_made_once_for_a_document_and_anew_for_an_equal_one() -> None:
    document = chain(2)
    assert plan_of(document) is plan_of(document)
    assert plan_of(document) is not plan_of(document.model_copy())


def test_document_with_an_error_has_no_plan() -> None:
    with pytest.raises(GraphInvalid):
        at_once(EVALUATING.require_valid(graph([node("a", "transform")], [edge("a", "a")])))


def test_notes_are_no_part_of_a_plan() -> None:
    document = chain(1)
    noted = graph([*(entry.model_dump() for entry in document.nodes), node("n", "note")], [line.model_dump() for line in document.edges])
    assert "n" not in plan_of(noted).nodes


def test_line_has_no_loop_and_each_of_its_nodes_follows_the_one_before() -> None:
    plan = planned("abc", *path("a", "b", "c"))
    assert (plan.inside, plan.back, plan.entries) == (set(), set(), {})
    assert {name: (entry.in_loop, entry.follows, entry.settles) for name, entry in plan.nodes.items()} == {
        "a": (False, False, False),
        "b": (False, True, False),
        "c": (False, True, False),
    }


def test_loop_is_one_region_with_its_edges_inside_and_one_that_leads_back() -> None:
    plan = planned("abcd", *path("a", "b", "c", "d"), back("c", "b"))
    assert (plan.inside, plan.back) == ({"b-c", "c-b"}, {"c-b"})
    assert plan.entries == {"c-b": ["a-b"]}
    regions = sorted(sorted(region.nodes) for region in plan.regions)
    assert regions == [["a"], ["b", "c"], ["d"]]
    assert {name: (entry.in_loop, entry.returning) for name, entry in plan.nodes.items()} == {
        "a": (False, 0),
        "b": (True, 1),
        "c": (True, 0),
        "d": (False, 0),
    }
    assert not any(plan.nodes[NodeId(name)].follows for name in "bcd"), "what comes after a loop may fire more than once"
    entering = {name: plan.regions[plan.nodes[NodeId(name)].region].entering for name in "abd"}
    assert entering == {"a": 0, "b": 1, "d": 1}


def test_loop_of_one_node_is_a_loop() -> None:
    plan = planned("ab", edge("a", "b"), back("b", "b"))
    assert (plan.nodes[NodeId("b")].in_loop, plan.inside, plan.entries) == (True, {"b-b"}, {"b-b": ["a-b"]})


def test_inner_loop_is_entered_from_the_outer_one_and_the_outer_from_outside() -> None:
    plan = planned("soia", *path("s", "o", "i", "a"), back("i", "i"), back("a", "o"))
    assert plan.entries == {"i-i": ["o-i"], "a-o": ["s-o"]}
    assert plan.back == {"i-i", "a-o"}


def test_two_loops_through_one_node_are_no_entries_of_each_other() -> None:
    plan = planned("shab", edge("s", "h"), edge("h", "a"), edge("h", "b"), back("a", "h"), back("b", "h"))
    assert plan.entries == {"a-h": ["s-h"], "b-h": ["s-h"]}


@pytest.mark.parametrize(
    ("firing", "edges", "gathers"),
    [
        ({"rule": "all"}, [edge("a", "m"), edge("b", "m")], True),
        ({"rule": "all"}, [edge("a", "m")], False),
        ({"rule": "n_of", "count": 1}, [edge("a", "m"), edge("b", "m")], True),
        ({"rule": "any"}, [edge("a", "m"), edge("b", "m")], False),
        ({"rule": "all"}, [edge("a", "m"), back("m", "m")], False),
        ({"rule": "all"}, [edge("a", "m"), edge("b", "m"), back("m", "m")], True),
    ],
    ids=["two", "one", "n of two", "any of two", "one and its loop", "two and a loop"],
)
def test_port_gathers_where_several_values_can_arrive_together(firing: dict[str, Any], edges: list[dict[str, Any]], gathers: bool) -> None:
    plan = planned("abm", *edges, m={"firing": firing})
    assert plan.nodes[NodeId("m")].gathering == ({"in"} if gathers else set())


def test_port_of_many_gathers_however_few_come() -> None:
    plan = compile_plan(graph([node("a", "input"), node("j", "join", firing={"rule": "any"})], [edge("a", "j")]))
    assert plan.nodes[NodeId("j")].gathering == {"in"}


def in_maps() -> Graph:
    nodes = [node("s", "input"), node("m", "map"), node("k", "map", parent="m"), node("x", "wait", parent="k"), node("o", "output")]
    edges = [*path("s", "m", "o"), edge("m.item", "k"), edge("k.item", "x"), edge("x", "k.result"), edge("k", "m.result")]
    return graph(nodes, edges)


def test_body_of_a_map_is_a_plan_of_its_own_fed_by_the_item() -> None:
    plan = compile_plan(in_maps())
    assert (set(plan.nodes), set(plan.bodies), plan.seeds, plan.results) == ({"s", "m", "o"}, {"m"}, [], [])
    outer = plan.bodies[NodeId("m")]
    assert (set(outer.nodes), [line.id for line in outer.seeds], [line.id for line in outer.results]) == (
        {"k"},
        ["m.item-k"],
        ["k-m.result"],
    )
    assert {name: set(body.nodes) for name, body in plan.all_bodies().items()} == {"m": {"k"}, "k": {"x"}}


def test_item_that_enters_a_loop_of_a_body_is_neither_inside_it_nor_waited_for() -> None:
    nodes = [node("m", "map"), *(node(name, "transform", parent="m") for name in "zab")]
    edges = [edge("m.item", "a"), edge("m.item", "z"), edge("z", "a"), edge("a", "b"), back("b", "a"), edge("b", "m.result")]
    body = compile_plan(graph(nodes, edges)).bodies[NodeId("m")]
    assert (body.inside, body.back, body.entries) == ({"a-b", "b-a"}, {"b-a"}, {"b-a": ["m.item-a", "z-a"]})
    assert body.regions[body.nodes[NodeId("a")].region].entering == 1, "the item is there from the beginning"


def test_edges_of_a_node_stand_in_the_order_of_the_document() -> None:
    plan = plan_of(fan(3))
    assert [line.id for line in plan.nodes[NodeId("gathered")].incoming] == [f"n{index}-gathered" for index in range(3)]
    assert [line.id for line in plan.nodes[NodeId("start")].outgoing] == [f"start-n{index}" for index in range(3)]
    assert plan_of(loop(3)).back == {EdgeId("count-count")}


class Newer(Params):
    seconds: int = Field(default=0, title="Seconds")


async def nothing(_ctx: object, _params: object) -> Outputs:
    return {}


@pytest.mark.parametrize(("version", "params", "seconds"), [(1, {"minutes": 2}, 120), (2, {"seconds": 5}, 5)])
def test_parameters_of_an_earlier_version_of_a_kind_are_brought_up_to_date(version: int, params: dict[str, Any], seconds: int) -> None:
    kind: NodeKind[Any] = NodeKind(
        name="timer",
        title="Timer",
        summary="For this test",
        group="flow",
        icon="box",
        params=Newer,
        run=nothing,
        version=2,
        upgrade=lambda old, given: {"seconds": given["minutes"] * 60} if old < 2 else given,  # type: ignore[operator]
    )
    with registered(kind):
        plan = compile_plan(graph([node("t", "timer", params, kind_version=version)], []))
    assert plan.nodes[NodeId("t")].params == Newer(seconds=seconds)
