"""Limits that have no loop. That each loop has a limit is tested with the wiring."""

from typing import Any

import pytest

from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.validation import check_graph
from tests.graphs import edge, graph, node, path

LIMIT = {"max_iterations": 3}


@pytest.mark.parametrize(
    ("edges", "idle"),
    [
        ([*path("start", "a", "b"), edge("b", "end", **LIMIT)], ["b-end"]),
        ([*path("start", "a", "b", "end"), edge("b", "a", **LIMIT)], []),
        ([*path("start", "a", "b", "end"), edge("b", "a", condition="false", **LIMIT)], []),
        ([edge("start", "a"), edge("a", "b", **LIMIT), edge("b", "a"), edge("b", "end")], []),
        ([*path("start", "a", "b"), edge("b", "a", **LIMIT), edge("b", "end", **LIMIT)], ["b-end"]),
    ],
    ids=["no loop", "loop", "loop that is shut", "forth in a loop", "out of a loop"],
)
@pytest.mark.parametrize("parent", [None, "m"])
def test_limit_of_an_edge_that_closes_no_loop_is_warned_of(edges: list[dict[str, Any]], idle: list[str], parent: str | None) -> None:
    nodes = [node("start", "input"), *(node(name, "wait", parent=parent) for name in "ab"), node("end", "output")]
    if parent is not None:
        inside = {"start": "m.item", "end": "m.result"}
        edges = [
            {**edge(inside.get(line["source"], line["source"]), inside.get(line["target"], line["target"])), **_rest(line)}
            for line in edges
        ]
        nodes.append(node("m", "map", {"items": "[1]"}))
        edges += path("start", "m", "end")
    assert check_graph(graph(nodes, edges)) == [
        Problem(
            code="idle_limit",
            edge=name,
            field="max_iterations",
            severity=Severity.WARNING,
            message="The edge closes no loop, so that its limit counts nothing",
            cure="Remove the limit, or lead the edge back to where the loop begins.",
        )
        for name in idle
    ]


def _rest(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name in ("id", "condition", "max_iterations")}
