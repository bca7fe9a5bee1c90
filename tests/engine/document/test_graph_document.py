"""The document itself: what may stand in it, what is assumed where nothing is said, and where its bounds are."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from orchestrator.engine.document.agents.agent import Agent, AgentLimits, LibraryAgent
from orchestrator.engine.document.agents.memory import AgentMemory
from orchestrator.engine.document.graph import Channel, Edge, Firing, Graph, Limits, Node, Retry
from orchestrator.engine.document.reading import document_problems
from tests.graphs import chain, fan, loop, one_agent

NODE: dict[str, Any] = {"id": "a", "kind": "wait"}
EDGE: dict[str, Any] = {"id": "e", "source": "a", "target": "b"}
AGENT: dict[str, Any] = {"name": "A", "model": "m"}


def test_what_is_not_said_is_assumed() -> None:
    assert Node.model_validate(NODE).model_dump(mode="json", exclude={"id", "kind"}) == {
        "kind_version": 1,
        "title": "",
        "params": {},
        "parent": None,
        "firing": {"rule": "all", "count": 1},
        "retry": {"attempts": 1, "initial_s": 1.0, "factor": 2.0, "max_s": 60.0},
        "timeout_s": None,
        "on_error": "fail",
        "default_output": None,
        "writes": {},
    }
    assert Edge.model_validate(EDGE).model_dump(exclude={"id", "source", "target"}) == {
        "source_port": "out",
        "target_port": "in",
        "condition": None,
        "otherwise": False,
        "max_iterations": None,
        "label": "",
    }
    assert Channel().model_dump(mode="json") == {"reducer": "last", "initial": None}
    assert Limits().model_dump() == {"max_steps": 20_000, "max_seconds": None, "max_items": 10_000}
    assert Agent.model_validate(AGENT).model_dump(exclude={"name", "model"}) == {
        "instructions": "",
        "tools": (),
        "limits": {
            "max_iterations": 50,
            "max_call_seconds": 120.0,
            "max_seconds": 300.0,
            "max_tokens": 200_000,
            "max_cost_usd": None,
            "max_repairs": 2,
            "max_tool_calls_per_turn": 32,
        },
        "output_schema": None,
        "temperature": None,
        "max_output_tokens": None,
        "strategy": {"type": "direct"},
        "memory": AgentMemory().model_dump(),
    }
    assert AgentMemory().short_term.keep == "all" and not AgentMemory().long_term.on and not AgentMemory().episodes.on
    assert Graph() == Graph.model_validate({"schema_version": 1, "nodes": [], "edges": [], "agents": {}, "channels": {}, "layout": {}})


BOUNDS: list[tuple[type[BaseModel], dict[str, Any], str, list[Any], list[Any]]] = [
    (Node, NODE, "id", ["a", "A_9", "a" * 64], ["", "1a", "_a", "a-b", "a.b", "a/b", "a#1", "a" * 65]),
    (Node, NODE, "kind", ["k", "k" * 64], ["", "k" * 65]),
    (Node, NODE, "kind_version", [1, 7], [0]),
    (Node, NODE, "title", ["", "t" * 120], ["t" * 121]),
    (Node, NODE, "timeout_s", [None, 0.001, 86_400], [0, -1, 86_401]),
    (Node, NODE, "on_error", ["fail", "port", "default"], ["ignore"]),
    (Edge, EDGE, "id", ["e", "e" * 64], ["", "e" * 65]),
    (Edge, EDGE, "condition", [None, "", "c" * 10_000], ["c" * 10_001]),
    (Edge, EDGE, "max_iterations", [None, 1, 10_000], [0, 10_001]),
    (Edge, EDGE, "label", ["l" * 120], ["l" * 121]),
    (Firing, {}, "rule", ["all", "any", "n_of"], ["most"]),
    (Firing, {}, "count", [1, 99], [0]),
    (Retry, {}, "attempts", [1, 20], [0, 21]),
    (Retry, {}, "initial_s", [0, 3600], [-1, 3601]),
    (Retry, {}, "factor", [1, 10], [0.9, 10.1]),
    (Retry, {}, "max_s", [0, 86_400], [-1, 86_401]),
    (Channel, {}, "reducer", ["last", "append", "extend", "merge", "sum", "max", "min"], ["mean"]),
    (Limits, {}, "max_steps", [1, 1_000_000], [0, 1_000_001]),
    (Limits, {}, "max_seconds", [None, 0.1], [0, -1]),
    (Limits, {}, "max_items", [1, 100_000], [0, 100_001]),
    (Graph, {}, "schema_version", [1], [0, 2]),
    (Graph, {}, "title", ["t" * 200], ["t" * 201]),
    (Graph, {}, "description", ["d" * 10_000], ["d" * 10_001]),
    (Agent, AGENT, "name", ["n", "n" * 80], ["", "n" * 81]),
    (Agent, AGENT, "model", ["m", "m" * 200], ["", "m" * 201]),
    (Agent, AGENT, "instructions", ["i" * 100_000], ["i" * 100_001]),
    (Agent, AGENT, "temperature", [None, 0, 2], [-0.1, 2.1]),
    (Agent, AGENT, "max_output_tokens", [None, 1], [0]),
    (AgentLimits, {}, "max_iterations", [1, 5_000], [0, 5_001]),
    (AgentLimits, {}, "max_seconds", [0.1, 86_400], [0, 86_401]),
    (AgentLimits, {}, "max_tokens", [1], [0]),
    (AgentLimits, {}, "max_repairs", [0, 10], [-1, 11]),
    (AgentLimits, {}, "max_tool_calls_per_turn", [1, 256], [0, 257]),
    (LibraryAgent, {}, "library", ["l", "l" * 80], ["", "l" * 81]),
]


@pytest.mark.parametrize(("model", "rest", "field", "good", "bad"), BOUNDS, ids=[f"{row[0].__name__}.{row[2]}" for row in BOUNDS])
def test_field_takes_what_is_within_its_bounds(
    model: type[BaseModel], rest: dict[str, Any], field: str, good: list[Any], bad: list[Any]
) -> None:
    for value in good:
        model.model_validate({**rest, field: value})
    for value in bad:
        with pytest.raises(ValidationError) as caught:
            model.model_validate({**rest, field: value})
        assert [fault["loc"][0] for fault in caught.value.errors()] == [field], value


@pytest.mark.parametrize(
    ("model", "data"),
    [(Node, NODE), (Edge, EDGE), (Agent, AGENT), (Firing, {}), (Retry, {}), (Channel, {}), (Limits, {}), (LibraryAgent, {"library": "a"})],
)
def test_unknown_field_is_refused_and_a_part_is_never_changed(model: type[BaseModel], data: dict[str, Any]) -> None:
    part = model.model_validate(data)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({**data, "surprise": 1})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, next(iter(model.model_fields)), "changed")


@pytest.mark.parametrize("document", [chain(3), fan(3), loop(3), one_agent(), Graph()], ids=["chain", "fan", "loop", "agent", "empty"])
def test_document_is_the_same_after_it_was_written_and_read(document: Graph) -> None:
    assert Graph.model_validate_json(document.model_dump_json()) == document
    assert Graph.model_validate(document.model_dump(mode="json", exclude_defaults=True)) == document


def test_agent_of_a_graph_is_its_own_or_a_reference_and_never_both() -> None:
    document = Graph.model_validate({"agents": {"a": AGENT, "b": {"library": "helper"}}})
    assert [type(agent) for agent in document.agents.values()] == [Agent, LibraryAgent]
    with pytest.raises(ValidationError):
        Graph.model_validate({"agents": {"a": AGENT | {"library": "helper"}}})


def told(data: object) -> list[tuple[str, str, str]]:
    with pytest.raises(ValidationError) as caught:
        Graph.model_validate(data)
    return [(found.code, found.message, found.cure) for found in document_problems(caught.value)]


def test_data_that_is_no_document_is_told_place_by_place() -> None:
    cure = "Correct this part of the document."
    assert told({"nodes": [{"id": "a"}], "surprise": 1}) == [
        ("invalid_document", "nodes.0.kind: Field required", cure),
        ("invalid_document", "surprise: Extra inputs are not permitted", cure),
    ]
    [(code, message, _)] = told([])
    assert code == "invalid_document" and message.startswith("document: ")


def test_of_very_many_faults_the_first_two_hundred_are_told() -> None:
    assert len(told({"nodes": [{"id": "a"}] * 300})) == 200
