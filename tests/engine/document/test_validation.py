"""Every problem of a document, at its place, with its cure; and documents made to do harm."""

import time
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import is_of_type
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.reading import document_problems
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.graphs import chain, edge, fan, graph, loop, node, one_agent, path


def errors(document: Graph, tools: frozenset[str] | None = None) -> list[Problem]:
    return [problem for problem in check_graph(document, tools=tools) if problem.severity is Severity.ERROR]


@pytest.mark.parametrize("document", [chain(3), fan(3), loop(3), one_agent()])
def test_good_documents_have_no_problems(document: Graph) -> None:
    assert check_graph(document) == []


def simple(nodes: list[dict[str, Any]], edges: list[dict[str, Any]] | None = None, **rest: Any) -> Graph:
    line = path("start", *(entry["id"] for entry in nodes if "parent" not in entry), "end")
    return graph([node("start", "input"), *nodes, node("end", "output")], line if edges is None else edges, **rest)


BAD: list[tuple[str, Graph, str, str]] = [
    ("unknown_kind", simple([node("x", "warp")]), "x", "kind"),
    ("bad_params", simple([node("x", "wait", {"seconds": -1})]), "x", "seconds"),
    ("bad_params", simple([node("x", "wait", {"minutes": 1})]), "x", "minutes"),
    ("bad_params", simple([node("x", "agent", {})]), "x", "agent"),
    ("bad_expression", simple([node("x", "transform", {"expression": "1 +"})]), "x", "expression"),
    ("bad_expression", simple([node("x", "transform", {"fields": {"a": "("}})]), "x", "fields.a"),
    ("bad_expression", simple([node("x", "human", {"message": "{{ ( }}"})], []), "x", "message"),
    ("unknown_agent", simple([node("x", "agent", {"agent": "ghost"})]), "x", "agent"),
    ("unknown_tool", simple([node("x", "tool", {"tool": "ghost"})]), "x", "tool"),
    ("unknown_channel", simple([node("x", "wait", writes={"ghost": "1"})]), "x", "writes"),
    ("bad_firing", simple([node("x", "join", firing={"rule": "n_of", "count": 5})]), "x", "firing"),
    ("unknown_parent", simple([node("x", "wait", parent="start")], []), "x", "parent"),
    ("no_result", simple([node("x", "map")]), "x", ""),
    ("no_default", simple([node("x", "human", on_error="default")], []), "x", "on_error"),
    ("no_default", simple([node("x", "router", on_error="default")], []), "x", "on_error"),
    ("no_default", simple([node("x", "output", on_error="default")], []), "x", "on_error"),
    ("bad_default", simple([node("x", "map", on_error="default", default_output="none")]), "x", "default_output"),
    ("output_in_map", simple([node("m", "map"), node("x", "output", parent="m")], []), "x", ""),
]


@pytest.mark.parametrize(("code", "document", "at", "field"), BAD)
def test_problem_names_node_and_field(code: str, document: Graph, at: str, field: str) -> None:
    found = [problem for problem in errors(document, frozenset({"calculator"})) if problem.code == code]
    assert found, errors(document)
    assert (found[0].node, found[0].field or "") == (at, field)
    assert found[0].message and found[0].cure


@pytest.mark.parametrize(
    ("code", "edges"),
    [
        ("dangling_edge", [edge("start", "ghost")]),
        ("unknown_port", [edge("start.ghost", "end")]),
        ("unknown_port", [edge("start", "end.ghost")]),
        ("unknown_port", [edge("end", "start")]),
        ("duplicate_edge", [edge("start", "end"), {**edge("start", "end"), "id": "again"}]),
        ("duplicate_id", [edge("start", "end"), edge("start", "end")]),
        ("bad_expression", [edge("start", "end", condition="&&")]),
        ("otherwise_with_condition", [edge("start", "end", condition="true", otherwise=True)]),
    ],
)
def test_problem_names_the_edge(code: str, edges: list[dict[str, Any]]) -> None:
    found = [problem for problem in errors(simple([], edges)) if problem.code == code]
    assert found and found[0].edge is not None


@pytest.mark.parametrize(("value", "fits"), [([], True), ([1], True), (None, False), ({}, False), ("text", False)])
def test_default_of_a_map_is_a_list(value: Any, fits: bool) -> None:
    body = [node("m", "map", on_error="default", default_output=value), node("x", "wait", parent="m")]
    edges = [edge("start", "m"), edge("m.item", "x"), edge("x", "m.result"), edge("m", "end")]
    assert (errors(simple(body, edges)) == []) is fits


@pytest.mark.parametrize(
    ("port_type", "good", "bad"),
    [("text", "x", 1), ("object", {}, []), ("list", [], {}), ("number", 1.5, True), ("boolean", True, 1), ("any", None, ...)],
)
def test_value_is_held_against_the_type_of_its_port(port_type: Any, good: Any, bad: Any) -> None:
    assert is_of_type(good, port_type)
    assert bad is ... or not is_of_type(bad, port_type)


def test_edges_may_not_cross_the_border_of_a_map() -> None:
    nodes = [node("each", "map"), node("inside", "wait", parent="each")]
    edges = [edge("start", "each"), edge("start", "inside"), edge("inside", "each.result"), edge("each", "end")]
    assert [problem.code for problem in errors(simple(nodes, edges))] == ["crossing_edge"]


def test_ports_of_different_types_do_not_connect() -> None:
    nodes = [node("each", "map"), node("x", "wait", parent="each")]
    edges = [edge("start", "each"), edge("each.item", "x"), edge("x", "each.result"), edge("each", "end")]
    assert errors(simple(nodes, edges)) == []


def test_g01_cycle_without_limit_is_refused_before_anything_runs() -> None:
    spin = simple([node("a", "wait"), node("b", "wait")], [*path("start", "a", "b", "end"), edge("b", "a")])
    assert {problem.code for problem in errors(spin)} == {"unlimited_cycle"}
    itself = simple([node("a", "wait")], [*path("start", "a", "end"), edge("a", "a")])
    assert {problem.code for problem in errors(itself)} == {"unlimited_cycle"}


async def test_run_of_an_invalid_graph_fails_with_the_first_problem() -> None:
    state = await Bench(simple([node("a", "wait")], [*path("start", "a", "end"), edge("a", "a")])).finish()
    assert state.status is RunStatus.FAILED
    assert state.error is not None and state.error.code == "invalid_graph"


def test_g01_ten_thousand_nodes_are_checked_without_recursion_in_time() -> None:
    document = chain(10_000)
    began = time.perf_counter()
    assert check_graph(document) == []
    assert time.perf_counter() - began < 8


def test_g01_too_many_nodes_and_too_deep_maps_are_refused() -> None:
    assert [problem.code for problem in errors(chain(20_001))] == ["too_large"]
    deep = [node("m0", "map"), *(node(f"m{i}", "map", parent=f"m{i - 1}") for i in range(1, 30))]
    assert "unknown_parent" in {problem.code for problem in errors(simple(deep, []))}


def test_two_maps_inside_each_other_are_refused() -> None:
    nodes = [node("a", "map", parent="b"), node("b", "map", parent="a")]
    assert "unknown_parent" in {problem.code for problem in errors(simple(nodes, []))}


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"nodes": [{"id": "1bad", "kind": "input"}]}, "nodes.0.id"),
        ({"nodes": [{"id": "a", "kind": "input", "extra": 1}]}, "nodes.0.extra"),
        ({"nodes": "many"}, "nodes"),
        ({"schema_version": 99}, "schema_version"),
        ({"surprise": True}, "surprise"),
        ([], ""),
    ],
)
def test_data_that_is_no_document_is_said_to_be_none_with_its_place(data: object, at: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Graph.model_validate(data)
    assert document_problems(caught.value)[0].field == at
