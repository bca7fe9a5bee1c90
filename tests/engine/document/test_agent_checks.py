"""Problems of agents that are known before a run: too few model calls for how one plans, ways out to nowhere, a fallback to nobody."""

import json
from typing import Any

import pytest

from orchestrator.engine.document.agents.checks import most_calls
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.problems import Severity
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, ScriptedModel, says
from tests.graphs import edge, graph, node, one_agent, path

TREE = {"type": "tree_of_thoughts"}
STRATEGIES: list[dict[str, Any]] = [
    {"type": "direct"},
    {"type": "react"},
    {"type": "plan_and_execute", "max_steps": 3},
    {"type": "plan_and_execute", "max_steps": 4, "replan": False},
    {"type": "reflection", "max_rounds": 4},
    TREE,
    TREE | {"depth": 1, "thoughts": 3, "evaluate": "vote", "judgements": 2},
    TREE | {"generate": "sample", "breadth": 2, "judgements": 3, "max_thoughts": 2_000},
    TREE | {"max_thoughts": 6, "depth": 9},
    TREE | {"search": "depth_first", "depth": 4, "breadth": 2},
]


def tireless() -> ScriptedModel:
    """A model that always finds as much to do as it may."""
    said = 0

    def reply(request: ModelRequest) -> ModelReply:
        nonlocal said
        said += 1
        if request.output_schema is None:
            return says(f"answer {said}")
        properties: Any = request.output_schema["properties"]
        value: dict[str, Any] = {"why": "", "finished": False, "value": "likely", "choice": 1}
        value |= {"good": False, "score": 0, "critique": "no", "lesson": "more"}
        value |= {
            name: [f"{index} of {said}" for index in range(properties[name].get("maxItems", 20))]
            for name in ("steps", "thoughts")
            if name in properties
        }
        asked = request.messages[-1].text
        if "finished" in properties and "at most " in asked:
            value["steps"] = value["steps"][: int(asked.split("at most ")[1].split(":")[0])]
        return says(json.dumps({name: value[name] for name in properties}))

    return ScriptedModel(answer=reply)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=json.dumps)
async def test_no_way_of_planning_makes_more_calls_than_are_foreseen_and_a_tireless_model_makes_them_all(strategy: dict[str, Any]) -> None:
    document = one_agent(strategy=strategy, limits={"max_iterations": 5_000})
    rig = Bench(document, model=tireless())
    state = await rig.go("task")
    assert state.status is RunStatus.SUCCEEDED, state.error
    agent: Any = document.agents["helper"]  # type: ignore[index]
    assert state.usage.calls == most_calls(agent.strategy)


def told(document: Graph) -> list[tuple[str, str | None, str | None, Severity]]:
    return [(one.code, one.node or one.agent, one.field, one.severity) for one in check_graph(document)]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=json.dumps)
def test_too_few_model_calls_are_told_with_both_numbers(strategy: dict[str, Any]) -> None:
    agent: Any = one_agent(strategy=strategy).agents["helper"]  # type: ignore[index]
    needed = most_calls(agent.strategy)
    assert told(one_agent(strategy=strategy, limits={"max_iterations": needed})) == []
    if needed == 1:
        return
    document = one_agent(strategy=strategy, limits={"max_iterations": needed - 1})
    assert told(document) == [("too_few_calls", "helper", "strategy", Severity.WARNING)]
    [problem] = check_graph(document)
    assert problem.message == f"Its way of planning may take {needed} model calls, and its limits allow {needed - 1}"
    assert str(needed) in problem.cure


def used(*edges: dict[str, Any], **params: Any) -> Graph:
    nodes = [node("start", "input"), node("help", "agent", {"agent": "helper", **params}), node("end", "output"), node("else", "output")]
    line = [*path("start", "help", "end"), edge("start", "else"), *edges]
    return graph(nodes, line, agents={"helper": {"name": "Helper", "model": "scripted"}})


@pytest.mark.parametrize("way", ["unsure", "refused"])
def test_a_way_out_that_leads_nowhere_is_told(way: str) -> None:
    assert told(used(ways=[{"name": way}])) == [("way_to_nowhere", "help", "ways.0.name", Severity.WARNING)]
    assert told(used(edge("help", "else", source_port=way), ways=[{"name": way}])) == []
    assert told(used()) == []


def test_a_fallback_to_nobody_and_a_conversation_that_cannot_be_read_are_errors() -> None:
    assert told(used(fallback="Less", fallback_agent="nobody")) == [("unknown_agent", "help", "fallback_agent", Severity.ERROR)]
    assert told(used(conversation="channels.")) == [("bad_expression", "help", "conversation", Severity.ERROR)]
    assert told(used(fallback="Less", fallback_agent="helper", conversation="[]")) == []
