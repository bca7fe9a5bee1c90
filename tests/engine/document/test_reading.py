"""What the form of a document tells programs, and what is taken: the same."""

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.reading import agent_faults, graph_faults

AGENT = {"name": "Helper", "model": "demo", "tools": ["calculator"], "limits": {"max_iterations": 3}, "output_schema": {"type": "object"}}
GRAPH = {
    "schema_version": 1,
    "title": "Small",
    "inputs": {"type": "object"},
    "agents": {"helper": {**AGENT, "temperature": 0.5}, "other": {"library": "billing"}},
    "channels": {"total": {"reducer": "sum", "initial": 0}},
    "nodes": [
        {"id": "start", "kind": "input", "firing": {"rule": "n_of", "count": 2}, "timeout_s": 1.5},
        {"id": "work", "kind": "agent", "params": {"agent": "helper"}, "retry": {"attempts": 2}, "writes": {"total": "1"}, "parent": None},
    ],
    "edges": [{"id": "e1", "source": "start", "target": "work", "max_iterations": 3, "condition": "true", "otherwise": False}],
    "limits": {"max_steps": 5, "max_seconds": 0.5},
    "layout": {"start": {"x": 1, "y": -2.5, "width": None}},
}
STRANGE = st.one_of(
    st.sampled_from([None, True, "1", "", [], {}, [1], {"a": 1}]),
    st.sampled_from(["all", "a b", "ab_9", "ab_9\n", "x" * 65, "x" * 201]),
    st.integers() | st.sampled_from([0, 1, 2, 200, 201, 86_400, 86_401, 10**30]),
    st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.0, 5.0, 201.0]),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every object and list inside with each of its keys, and with one that it does not have."""
    if isinstance(value, dict):
        return [*((value, key) for key in [*value, "extra"]), *(place for item in value.values() for place in places(item))]
    if isinstance(value, list):
        return [*((value, index) for index in range(len(value))), *(place for item in value for place in places(item))]
    return []


FAULTS: dict[type[BaseModel], Callable[[str], Any]] = {Agent: agent_faults, Graph: graph_faults}


def taken(model: type[BaseModel], value: Any) -> bool:
    return bool(FAULTS[model](json.dumps(value))["count"] == 0)


@cache
def form_of(model: type[BaseModel]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(model.model_json_schema())


@pytest.mark.parametrize(("model", "sample"), [(Agent, AGENT), (Graph, GRAPH)])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_the_form_allows_is_taken_and_nothing_else(model: type[BaseModel], sample: dict[str, Any], data: st.DataObject) -> None:
    document = copy.deepcopy(sample)
    assert taken(model, document)
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(places(document)))
        if isinstance(key, str) and data.draw(st.booleans()):
            holder.pop(key, None)
        else:
            holder[key] = copy.deepcopy(data.draw(STRANGE))
    assert taken(model, document) == form_of(model).is_valid(document), document


@pytest.mark.parametrize("number", ["3", True, None, [3], 3.5])
def test_a_number_is_written_as_one(number: Any) -> None:
    found: Any = agent_faults(json.dumps({**AGENT, "limits": {"max_iterations": number}}))
    assert [problem["field"] for problem in found["problems"]] == ["limits.max_iterations"]


@pytest.mark.parametrize(
    ("name", "most"), [("nodes", 20_000), ("edges", 100_000), ("agents", 1_000), ("channels", 1_000), ("layout", 20_000)]
)
def test_so_many_parts_as_the_form_says(name: str, most: int) -> None:
    form = Graph.model_json_schema()["properties"][name]
    assert (form.get("maxItems") or form.get("maxProperties")) == most
    parts: Any = [{}] * (most + 1) if form["type"] == "array" else {str(number): {} for number in range(most + 1)}
    found: Any = graph_faults(json.dumps({name: parts}))
    assert [problem["code"] for problem in found["problems"]] == ["too_large"]
