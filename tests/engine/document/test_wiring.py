"""Ports, edges and loops of a document: what may be connected, and what needs a limit."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import Field

from orchestrator.engine.document.graph import Graph, Node
from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params, Port, PortsFrom
from orchestrator.engine.document.registry import kind_of, registered
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.document.wiring import output_ports
from orchestrator.engine.ids import PortName
from tests.graphs import edge, graph, node, path


def ports(name: str, params: dict[str, Any] | None = None, **rest: Any) -> list[str]:
    drawn = Node.model_validate(node("x", name, params, **rest))
    return sorted(output_ports(drawn, kind_of(name)))


@pytest.mark.parametrize(
    ("kind", "params", "rest", "expected"),
    [
        ("transform", {}, {}, ["out"]),
        ("transform", {}, {"on_error": "port"}, ["error", "out"]),
        ("transform", {}, {"on_error": "default"}, ["out"]),
        ("output", {}, {}, []),
        ("map", {}, {}, ["item", "out"]),
        ("router", {}, {}, []),
        ("router", {"routes": [{"name": "a"}, {"name": "b"}]}, {"on_error": "port"}, ["a", "b", "error"]),
        ("human", {}, {}, ["approve", "expired", "reject"]),
        ("human", {"actions": [{"name": "fine", "title": "Fine"}]}, {}, ["expired", "fine"]),
    ],
)
def test_node_has_the_ports_of_its_kind_and_its_parameters(
    kind: str, params: dict[str, Any], rest: dict[str, Any], expected: list[str]
) -> None:
    assert ports(kind, params, **rest) == expected


@pytest.mark.parametrize("routes", ["a", 7, None, {}, [1, None, {"title": "x"}, {"name": 3}]])
def test_ports_of_parameters_that_make_no_sense_are_left_out(routes: Any) -> None:
    """That the parameters make no sense is a problem of its own."""
    assert ports("router", {"routes": routes}) == []


class Way(Params):
    name: str = Field(title="Name")


class Ways(Params):
    ways: tuple[Way, ...] = Field(default_factory=lambda: (Way(name="left"), Way(name="right")), title="Ways")


async def _nothing(_ctx: object, _params: object) -> Outputs:
    return {}


def typed(name: str, into: str, out: str) -> NodeKind[Params]:
    return NodeKind(
        name=name,
        title=name,
        summary="For this test",
        group="data",
        icon="box",
        params=Params,
        run=_nothing,
        inputs=(Port(name=PortName("in"), type=into),),
        outputs=(Port(name=PortName("out"), type=out),),
    )


def test_ports_of_parameters_that_are_made_when_nothing_is_said_are_there() -> None:
    kind = replace(typed("fork", "any", "any"), params=Ways, outputs=(), ports_from=PortsFrom(param="ways"))
    with registered(kind):
        assert ports("fork") == ["left", "right"]


@pytest.mark.parametrize(
    ("gives", "takes", "fits"),
    [("text", "text", True), ("any", "text", True), ("text", "any", True), ("text", "number", False), ("list", "object", False)],
)
def test_ports_connect_when_their_types_are_the_same_or_one_takes_anything(gives: str, takes: str, fits: bool) -> None:
    with registered(typed("giver", "any", gives), typed("taker", takes, "any")):
        nodes = [node("start", "input"), node("g", "giver"), node("t", "taker"), node("end", "output")]
        found = check_graph(graph(nodes, path("start", "g", "t", "end")))
    assert [one.code for one in found] == ([] if fits else ["type_mismatch"])
    if not fits:
        [one] = found
        assert (one.edge, one.message) == ("g-t", f"Port 'out' gives {gives}, port 'in' takes {takes}")
        assert one.cure == "Put a transform between."


def in_map(*edges: dict[str, Any], inner: str = "abc") -> Graph:
    """A map whose body holds the nodes of `inner`; the first is fed, the last gives the result."""
    nodes = [node("start", "input"), node("m", "map"), *(node(name, "wait", parent="m") for name in inner), node("end", "output")]
    return graph(nodes, [*path("start", "m", "end"), edge("m.item", inner[0]), edge(inner[-1], "m.result"), *edges])


LIMITED = {"max_iterations": 3}


@pytest.mark.parametrize(
    ("document", "unlimited"),
    [
        (in_map(*path("a", "b", "c")), []),
        (in_map(*path("a", "b", "c"), edge("b", "a", **LIMITED)), []),
        (in_map(*path("a", "b", "c"), edge("b", "a")), ["a-b", "b-a"]),
        (in_map(*path("a", "b", "c"), edge("b", "b")), ["b-b"]),
        (in_map(*path("a", "b", "c"), edge("b", "b", **LIMITED)), []),
        (in_map(*path("a", "b", "c"), edge("c", "a", **LIMITED)), []),
        (in_map(*path("a", "b", "c"), edge("c", "a"), edge("b", "a", **LIMITED)), ["a-b", "b-c", "c-a"]),
    ],
    ids=["none", "limited", "unlimited", "itself", "itself limited", "long limited", "two, one unlimited"],
)
def test_each_cycle_needs_an_edge_with_a_limit(document: Graph, unlimited: list[str]) -> None:
    found = check_graph(document)
    assert sorted(str(one.edge) for one in found) == unlimited
    assert {one.code for one in found} <= {"unlimited_cycle"}


def test_a_body_and_its_map_are_no_cycle_but_a_map_that_feeds_itself_is() -> None:
    document = in_map(*path("a", "b", "c"))
    assert check_graph(document) == []
    around = graph(
        [entry.model_dump() for entry in document.nodes],
        [*(line.model_dump() for line in document.edges), edge("m", "m.in")],
    )
    assert [one.code for one in check_graph(around)] == ["unlimited_cycle"]


def test_a_cycle_that_crosses_the_border_of_a_map_needs_a_limit_too() -> None:
    document = in_map(*path("a", "b", "c"))
    outside = [*(entry.model_dump() for entry in document.nodes), node("out", "wait")]
    around = graph(outside, [*(line.model_dump() for line in document.edges), edge("b", "out"), edge("out", "a")])
    found = {str(one.edge): one.code for one in check_graph(around) if one.code == "unlimited_cycle"}
    assert set(found) == {"a-b", "b-out", "out-a"}


def test_an_edge_within_a_map_of_a_map_stays_at_its_own_level() -> None:
    nodes = [node("start", "input"), node("m", "map"), node("n", "map", parent="m"), node("i", "wait", parent="n"), node("end", "output")]
    edges = [*path("start", "m", "end"), edge("m.item", "n"), edge("n.item", "i"), edge("i", "n.result"), edge("n", "m.result")]
    assert check_graph(graph(nodes, edges)) == []
    crossing = [*edges, edge("i", "m.result")]
    assert [(one.code, one.edge) for one in check_graph(graph(nodes, crossing))] == [("crossing_edge", "i-m.result")]
    skipping = [*edges, edge("m.item", "i")]
    assert [(one.code, one.edge) for one in check_graph(graph(nodes, skipping))] == [("crossing_edge", "m.item-i")]


def test_same_target_by_another_port_is_another_connection() -> None:
    routes = {"routes": [{"name": "a"}, {"name": "b", "condition": "true"}]}
    nodes = [node("start", "input"), node("r", "router", routes), node("end", "output")]
    assert check_graph(graph(nodes, [edge("start", "r"), edge("r.a", "end"), edge("r.b", "end")])) == []


def test_node_of_a_body_that_nothing_feeds_is_no_reason_to_warn() -> None:
    """It begins with each item, which a person may well want: a constant for instance."""
    assert check_graph(in_map(edge("a", "c"), edge("b", "c"))) == []
