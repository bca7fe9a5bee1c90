"""Every place that has a problem is told: one hides no other, unless nothing sensible can be said beside it."""

from typing import Any

import pytest
from pydantic import Field

from orchestrator.engine.document import validation
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import Expression, NodeKind, Outputs, Params
from orchestrator.engine.document.registry import registered
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.ids import Json
from tests.graphs import graph, node, path


def line(*nodes: dict[str, Any], **rest: Any) -> Graph:
    whole = path("start", *(entry["id"] for entry in nodes if "parent" not in entry), "end")
    return graph([node("start", "input"), *nodes, node("end", "output")], whole, **rest)


def told(document: Graph, tools: frozenset[str] | None = None) -> list[tuple[str, str, str]]:
    """Of each problem its code, its node or agent, and the field."""
    return [(one.code, str(one.node or one.agent or ""), one.field or "") for one in check_graph(document, tools=tools)]


def test_each_node_with_bad_parameters_is_told() -> None:
    document = line(*(node(name, "wait", {"seconds": -1}) for name in "xy"), node("z", "transform", {"expression": "("}))
    assert told(document) == [("bad_params", "x", "seconds"), ("bad_params", "y", "seconds"), ("bad_expression", "z", "expression")]


def test_each_node_in_a_wrong_place_is_told() -> None:
    document = line(*(node(name, "wait", parent="start") for name in "xy"))
    assert told(document) == [("unknown_parent", "x", "parent"), ("unknown_parent", "y", "parent")]


def test_map_that_stands_too_deep_is_told_at_its_parent() -> None:
    names = [f"m{index}" for index in range(validation.MAX_DEPTH + 2)]
    maps = [node(name, "map", **({"parent": names[index - 1]} if index else {})) for index, name in enumerate(names)]
    assert told(graph(maps, [])) == [("unknown_parent", names[-1], "parent")]


def test_agent_of_the_library_hides_no_problem_of_another() -> None:
    agents = {"theirs": {"library": "helper"}, "ours": {"name": "Helper", "model": "scripted", "tools": ["gone"]}}
    assert told(line(agents=agents), frozenset({"search"})) == [("unknown_tool", "ours", "tools")]


def test_field_inside_a_list_is_told_by_its_place_in_it() -> None:
    document = line(node("r", "router", {"routes": [{"name": "a"}, {"condition": "true"}]}))
    [found, *_rest] = check_graph(document)
    assert (found.code, found.field, found.message) == ("bad_params", "routes.1.name", "routes.1.name is missing")


class Mixed(Params):
    data: dict[str, Json] = Field(default={}, title="Data", json_schema_extra={"control": "json"})
    when: Expression = Field(default="", title="When", json_schema_extra={"control": "expression"})


async def nothing(_ctx: object, _params: object) -> Outputs:
    return {}


def test_field_that_holds_no_text_hides_no_problem_of_the_next_one() -> None:
    kind: NodeKind[Any] = NodeKind(
        name="mixed", title="Mixed", summary="For this test", group="flow", icon="box", params=Mixed, run=nothing
    )
    with registered(kind):
        assert told(line(node("x", "mixed", {"data": {"a": 1}, "when": "("}))) == [("bad_expression", "x", "when")]


def test_of_a_document_that_is_too_large_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look at all of it would take too long."""
    monkeypatch.setattr(validation, "MAX_NODES", 2)
    assert told(line(node("x", "wait", {"seconds": -1}))) == [("too_large", "", "")]
