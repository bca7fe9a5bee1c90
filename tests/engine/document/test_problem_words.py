"""What a person reads about a problem of a document: where it is, what was got, and how to mend it."""

from itertools import pairwise
from typing import Any

import pytest

from orchestrator.engine.document import validation
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.problems import GraphInvalid, Problem, Severity
from orchestrator.engine.document.registry import load_kinds
from orchestrator.engine.document.validation import check_graph
from tests.engine.in_place import EVALUATING, at_once
from tests.graphs import chain, edge, graph, node, path

TOOLS = frozenset({"search", "calculator"})
AGENT = {"name": "Helper", "model": "scripted"}


def of(document: Graph, tools: frozenset[str] | None = TOOLS) -> list[Problem]:
    return check_graph(document, tools=tools)


def line(*nodes: dict[str, Any], edges: list[dict[str, Any]] | None = None, **rest: Any) -> Graph:
    """`nodes` in a row between an input and an output."""
    whole = path("start", *(entry["id"] for entry in nodes), "end") if edges is None else edges
    return graph([node("start", "input"), *nodes, node("end", "output")], whole, **rest)


def problem(code: str, message: str, cure: str, **place: Any) -> Problem:
    return Problem(code=code, message=message, cure=cure, **place)


CORRECT = "Write a CEL expression, such as input.score > 0.8 or nodes.classify.out.label == 'billing'."
BROKEN = "Expression `(` cannot be read: "
KINDS = "agent, human, input, join, map, note, output, router, split_files, tool, transform, video_frames, wait"

IN_NODES: list[tuple[Graph, Problem]] = [
    (
        line(node("x", "warp")),
        problem("unknown_kind", "There is no kind of node 'warp'", f"Use one of {KINDS}.", node="x", field="kind"),
    ),
    (
        line(node("x", "wait", parent="start"), edges=[edge("start", "end")]),
        problem("unknown_parent", "'start' cannot hold nodes", "Move the node out, or into a map.", node="x", field="parent"),
    ),
    (
        line(node("x", "wait"), node("x", "wait"), edges=[edge("start", "end")]),
        problem("duplicate_id", "Two nodes are called 'x'", "Give each its own id.", node="x"),
    ),
    (
        line(node("x", "wait", {"seconds": -1})),
        problem(
            "bad_params",
            "seconds: Input should be greater than or equal to 0 (got '-1')",
            "Correct this field.",
            node="x",
            field="seconds",
        ),
    ),
    (
        line(node("x", "agent", {})),
        problem("bad_params", "agent is missing", "Fill in this field.", node="x", field="agent"),
    ),
    (
        line(node("x", "tool", {"tool": "ghost"})),
        problem("unknown_tool", "There is no tool 'ghost'", "Choose a tool that exists.", node="x", field="tool"),
    ),
    (
        line(node("x", "agent", {"agent": "ghost"})),
        problem("unknown_agent", "There is no agent 'ghost' in this graph", "Choose an agent, or add it.", node="x", field="agent"),
    ),
    (
        line(node("x", "wait", writes={"ghost": "1"})),
        problem("unknown_channel", "There is no channel 'ghost'", "Declare it on the graph first.", node="x", field="writes"),
    ),
    (
        line(node("x", "wait", firing={"rule": "n_of", "count": 2})),
        problem(
            "bad_firing",
            "It waits for 2 values but only 1 edges arrive",
            "Lower the count, or connect more.",
            node="x",
            field="firing",
        ),
    ),
    (
        line(node("x", "router", {"routes": [{"name": "a"}]}, on_error="default"), edges=[edge("start", "x"), edge("x.a", "end")]),
        problem(
            "no_default",
            "A Router node has no main output for which a default could stand",
            "Let the error leave by the error port, or let the run fail.",
            node="x",
            field="on_error",
        ),
    ),
    (
        graph(
            [
                node("start", "input"),
                node("m", "map", on_error="default", default_output="x"),
                node("i", "wait", parent="m"),
                node("end", "output"),
            ],
            [*path("start", "m", "end"), edge("m.item", "i"), edge("i", "m.result")],
        ),
        problem(
            "bad_default",
            "The default is a text, but port 'out' gives list",
            "Give a value of that kind.",
            node="m",
            field="default_output",
        ),
    ),
    (
        graph(
            [node("start", "input"), node("m", "map"), node("i", "output", parent="m"), node("w", "wait", parent="m")],
            [edge("start", "m"), edge("m.item", "i"), edge("m.item", "w"), edge("w", "m.result")],
        ),
        problem(
            "output_in_map",
            "An output inside a map would give the run many results",
            "Connect to the map's result port, and put the output after the map.",
            node="i",
        ),
    ),
    (
        line(node("m", "map")),
        problem(
            "no_result",
            "Nothing leads to the result port of this map",
            "Connect the last node of its body to `result`.",
            node="m",
        ),
    ),
]


@pytest.mark.parametrize(("document", "expected"), IN_NODES, ids=[expected.code for _, expected in IN_NODES])
def test_problem_of_a_node_is_told_in_full(document: Graph, expected: Problem) -> None:
    assert of(document) == [expected]


IN_EDGES: list[tuple[list[dict[str, Any]], Problem]] = [
    ([edge("start", "ghost")], problem("dangling_edge", "There is no node 'ghost'", "Remove the edge.", edge="start-ghost")),
    ([edge("ghost", "end")], problem("dangling_edge", "There is no node 'ghost'", "Remove the edge.", edge="ghost-end")),
    (
        [edge("start.up", "end")],
        problem("unknown_port", "Node 'start' has no port 'up'", "Connect to a port it has.", edge="start.up-end", node="start"),
    ),
    (
        [edge("start", "end.up")],
        problem("unknown_port", "Node 'end' has no port 'up'", "Connect to a port it has.", edge="start-end.up", node="end"),
    ),
    (
        [edge("start", "end"), {**edge("start", "end"), "id": "again"}],
        problem("duplicate_edge", "The same two ports are connected twice", "Remove one of the edges.", edge="again"),
    ),
    (
        [edge("start", "end"), edge("start", "end", label="b")],
        problem("duplicate_id", "Two edges are called 'start-end'", "Give each its own id.", edge="start-end"),
    ),
    (
        [edge("start", "end", condition="true", otherwise=True)],
        problem("otherwise_with_condition", "An `otherwise` edge has a condition too", "Remove one of the two.", edge="start-end"),
    ),
]


@pytest.mark.parametrize(("edges", "expected"), IN_EDGES, ids=[expected.code for _, expected in IN_EDGES])
def test_problem_of_an_edge_is_told_in_full(edges: list[dict[str, Any]], expected: Problem) -> None:
    found = [one for one in of(line(edges=edges)) if one.severity is Severity.ERROR]
    assert found == [expected]


def of_a_map(*body: dict[str, Any]) -> Graph:
    nodes = [node("start", "input"), node("m", "map"), node("end", "output")]
    if len(body) > 1:
        nodes.append(node("i", "wait", parent="m"))
    return graph(nodes, [*path("start", "m", "end"), *body])


def test_condition_where_each_item_passes_decides_nothing() -> None:
    idle = problem(
        "idle_condition",
        "Each item passes this edge, so that its condition decides nothing",
        "Remove the condition, or put it on an edge behind the first node of the body.",
        edge="m.item-i",
        field="condition",
        severity=Severity.WARNING,
    )
    assert of(of_a_map(edge("m.item", "i", condition="item > 1"), edge("i", "m.result"))) == [idle]
    assert of(of_a_map(edge("m.item", "i"), edge("i", "m.result", condition="output > 1"))) == []


def test_a_map_without_a_body_is_told_from_a_cycle() -> None:
    empty = problem(
        "no_body",
        "The edge leads from 'm' straight back to it, so that nothing is done with an item",
        "Put a node of the body between the two ports.",
        edge="m.item-m.result",
    )
    assert of(of_a_map(edge("m.item", "m.result"))) == [empty]


def test_edge_over_the_border_of_a_map_says_how_to_cross_it() -> None:
    nodes = [node("start", "input"), node("m", "map"), node("i", "wait", parent="m"), node("end", "output")]
    edges = [*path("start", "m", "end"), edge("m.item", "i"), edge("i", "m.result"), edge("i", "end")]
    crossing = problem(
        "crossing_edge", "The edge crosses the border of a map", "Enter by its item port, leave by its result port.", edge="i-end"
    )
    assert of(graph(nodes, edges)) == [crossing]


def test_cycle_without_a_limit_names_each_of_its_edges() -> None:
    nodes = [node("start", "input"), node("a", "wait"), node("b", "wait"), node("end", "output")]
    around = graph(nodes, [*path("start", "a", "b", "end"), edge("b", "a")])
    cure = "Give the edge that leads back a max_iterations."
    assert of(around) == [
        problem("unlimited_cycle", "The cycle through 'a' and 'b' has no limit", cure, edge="a-b", field="max_iterations"),
        problem("unlimited_cycle", "The cycle through 'b' and 'a' has no limit", cure, edge="b-a", field="max_iterations"),
    ]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (line(node("x", "transform", {"expression": "("})), {"node": "x", "field": "expression"}),
        (line(node("x", "transform", {"fields": {"fine": "1", "a": "("}})), {"node": "x", "field": "fields.a"}),
        (line(node("x", "wait", writes={"c": "("}), channels={"c": {}}), {"node": "x", "field": "writes.c"}),
        (line(edges=[edge("start", "end", condition="(")]), {"edge": "start-end", "field": "condition"}),
        (line(agents={"a": AGENT | {"instructions": "Say {{ ( }}"}}), {"agent": "a", "field": "instructions"}),
        (
            line(
                node("x", "router", {"routes": [{"name": "a"}, {"name": "b", "condition": "("}]}),
                edges=[edge("start", "x"), edge("x.a", "end")],
            ),
            {"node": "x", "field": "routes.1.condition"},
        ),
        (
            line(node("x", "human", {"message": "{{ input }} {{ ( }}"}), edges=[edge("start", "x"), edge("x.approve", "end")]),
            {"node": "x", "field": "message"},
        ),
    ],
    ids=["parameter", "field", "write", "condition", "instructions", "route", "template"],
)
def test_expression_that_cannot_be_read_is_shown_where_it_stands(document: Graph, place: dict[str, str]) -> None:
    [found] = of(document)
    assert found.code == "bad_expression" and found.message.startswith(BROKEN) and len(found.message) > len(BROKEN)
    assert found.model_dump(include={"node", "edge", "agent", "field"}, exclude_none=True) == place
    assert found.cure == CORRECT


def test_empty_expression_of_a_node_is_no_problem() -> None:
    assert of(line(node("x", "transform", {"expression": "  "}))) == []


def test_tool_arguments_are_not_taken_for_templates_of_another_field() -> None:
    assert of(line(node("x", "tool", {"tool": "search", "arguments": {"q": "{{ input }}"}}))) == []


def test_agent_says_which_of_its_parts_is_wrong() -> None:
    bad = AGENT | {"tools": ["search", "ghost"], "output_schema": {"type": "nothing"}}
    missing, schema = of(line(agents={"a": bad}))
    assert missing == problem("unknown_tool", "There is no tool 'ghost'", "Use one of calculator, search.", agent="a", field="tools")
    assert (schema.code, schema.agent, schema.field, schema.cure) == ("bad_schema", "a", "output_schema", "Correct the schema.")
    assert schema.message.startswith("Not a JSON Schema: ") and "nothing" in schema.message


def test_agent_of_the_library_is_checked_when_it_is_resolved_and_not_before() -> None:
    assert of(line(agents={"a": {"library": "helper"}})) == []


def test_form_of_a_question_that_is_no_schema_is_found_before_anybody_is_asked() -> None:
    ask = node("x", "human", {"answer_schema": {"type": "nothing"}})
    [found] = of(line(ask, edges=[edge("start", "x"), edge("x.approve", "end")]))
    assert (found.code, found.node, found.field, found.cure) == ("bad_schema", "x", "answer_schema", "Correct the schema.")
    assert found.message.startswith('Not a JSON Schema: "nothing" is not valid')


def test_names_of_tools_are_checked_only_where_they_are_known() -> None:
    document = line(node("x", "tool", {"tool": "ghost"}), agents={"a": AGENT | {"tools": ["ghost"]}})
    assert of(document, tools=None) == []
    assert {found.code for found in of(document)} == {"unknown_tool"}


def test_input_form_that_is_no_schema_is_a_problem_of_the_graph() -> None:
    [found] = of(line(inputs={"type": "nothing"}))
    assert (found.code, found.field, found.cure) == ("bad_schema", "inputs", "Correct the schema.")
    assert found.message.startswith("The input form is not a JSON Schema: ")
    assert of(line(inputs={"type": "object"})) == []


def warning(code: str, message: str, cure: str, **place: Any) -> Problem:
    return problem(code, message, cure, severity=Severity.WARNING, **place)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (graph([], []), [warning("empty", "The graph has no nodes", "Drag a node from the palette onto the canvas.")]),
        (
            graph([node("start", "input")], []),
            [warning("no_output", "The graph has no output node, so runs give nothing back", "Add an output node.")],
        ),
        (
            graph([node("end", "output")], []),
            [warning("unconnected", "Nothing leads to this node; it starts with the run", "Connect its input.", node="end")],
        ),
        (graph([node("n", "note")], []), []),
        (graph([node("start", "input"), node("n", "note"), node("end", "output")], path("start", "end")), []),
    ],
    ids=["empty", "no output", "unconnected", "only a note", "a note beside"],
)
def test_graph_that_may_run_is_warned_of(document: Graph, expected: list[Problem]) -> None:
    assert of(document) == expected
    at_once(EVALUATING.require_valid(document))


def test_refused_graph_tells_how_many_errors_it_has_and_the_first() -> None:
    document = line(node("x", "tool"), edges=[edge("start", "ghost")])
    with pytest.raises(GraphInvalid) as caught:
        at_once(EVALUATING.require_valid(document))
    errors = [found for found in check_graph(document) if found.severity is Severity.ERROR]
    assert caught.value.problems == errors and len(errors) == 2
    info = caught.value.info
    assert info.message == f"The graph has 2 problem(s): {errors[0].message}"
    assert (info.code, info.cure) == ("invalid_graph", "Mend every problem listed, then try again.")
    assert GraphInvalid([]).info.message == "The graph has 0 problem(s)"


@pytest.mark.parametrize(("limit", "what"), [("MAX_NODES", "nodes"), ("MAX_EDGES", "edges")])
def test_size_is_allowed_up_to_its_limit_and_not_beyond(limit: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = chain(3)
    has = len(document.nodes if what == "nodes" else document.edges)
    monkeypatch.setattr(validation, limit, has)
    assert of(document) == []
    monkeypatch.setattr(validation, limit, has - 1)
    assert of(document) == [problem("too_large", f"The graph has {has} {what}, at most {has - 1} are allowed", "Split the graph.")]


def test_nothing_else_is_looked_for_where_a_name_leads_nowhere() -> None:
    """Further checks look names up, so these come first and alone."""
    for code, first in (
        ("unknown_kind", [node("x", "warp")]),
        ("unknown_parent", [node("x", "wait", parent="gone")]),
        ("duplicate_id", [node("x", "wait"), node("x", "wait")]),
    ):
        assert {found.code for found in of(line(*first, node("y", "wait", {"seconds": -1}), edges=[edge("start", "ghost")]))} == {code}


@pytest.mark.parametrize(("depth", "codes"), [(8, []), (9, ["unknown_parent"])])
def test_maps_may_stand_in_each_other_eight_deep(depth: int, codes: list[str]) -> None:
    names = [f"m{index}" for index in range(depth)]
    nodes = [node(name, "map", {"items": "[1]"}, **({"parent": names[index - 1]} if index else {})) for index, name in enumerate(names)]
    nodes += [node("start", "input"), node("i", "wait", parent=names[-1]), node("end", "output")]
    edges = [edge("start", "m0"), edge("m0", "end"), edge(f"{names[-1]}.item", "i"), edge("i", f"{names[-1]}.result")]
    for outer, inner in pairwise(names):
        edges += [edge(f"{outer}.item", inner), edge(inner, f"{outer}.result")]
    found = of(graph(nodes, edges))
    assert [one.code for one in found] == codes, found
    if found:
        assert (found[0].message, found[0].cure, found[0].node) == ("Maps are nested more than 8 deep", "Flatten them.", "i")


def test_list_of_kinds_that_is_told_is_that_of_the_registry() -> None:
    assert KINDS == ", ".join(sorted(load_kinds()))
