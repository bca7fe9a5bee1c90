"""A model that does whatever a way of planning asks it for, by the shape of the answer that is wanted; and agents that plan in each way."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Role
from orchestrator.engine.testing import Reply, calls, says
from tests.graphs import one_agent

STRATEGIES: dict[str, dict[str, Any]] = {
    "direct": {"type": "direct"},
    "react": {"type": "react"},
    "plan_and_execute": {"type": "plan_and_execute", "max_steps": 4},
    "tree, breadth first": {"type": "tree_of_thoughts", "depth": 2, "breadth": 2, "thoughts": 2},
    "tree, depth first": {"type": "tree_of_thoughts", "search": "depth_first", "depth": 2, "breadth": 2, "thoughts": 2},
    "reflection": {"type": "reflection", "max_rounds": 3},
}
USES_TOOLS = ("direct", "react", "plan_and_execute", "reflection")
"""A tree of thoughts thinks first and uses tools only for its answer."""


@dataclass
class Thinker:
    """Uses a tool once in each conversation that offers any, then answers. `instead` replaces the reply to the call of that number."""

    instead: dict[int, Callable[[], Reply]] = field(default_factory=dict)
    calls: int = 0

    def __call__(self, request: ModelRequest) -> Reply:
        self.calls += 1
        if self.calls in self.instead:
            return self.instead[self.calls]()
        return reply(request)


def reply(request: ModelRequest) -> ModelReply:
    properties = (request.output_schema or {}).get("properties")
    if isinstance(properties, dict):
        return says(json.dumps(_shaped(request, set(properties))))
    if request.tools and not any(message.role is Role.TOOL for message in request.messages):
        given = {"thought": "It may help."} if "thought" in str(request.tools[0].parameters) else {}
        return calls(("pay", json.dumps(given)))
    return says("done")


def _shaped(request: ModelRequest, names: set[str]) -> dict[str, Any]:
    said = " ".join(message.text for message in request.messages)
    if "thoughts" in names:
        return {"thoughts": ["one way", "another way"]}
    if "value" in names:
        return {"why": "looks right", "value": "sure" if said.endswith("one way") else "likely"}
    if "finished" in names:
        return {"why": "go on", "finished": "2. (done)" in said, "steps": ["Step two"]}
    if "steps" in names:
        return {"steps": ["Step one", "Step two"]}
    if "choice" in names:
        return {"why": "the first is better", "choice": 1}
    if "critique" in names:
        return {"critique": "fine", "good": "was learnt" in said, "score": 0.5, "lesson": "be exact"}
    return {"answer": "done", "doubt": "", "confidence": 0.9}


def planner(strategy: str, **agent: Any) -> Graph:
    return one_agent(tools=["pay"], strategy=STRATEGIES[strategy], **agent)
