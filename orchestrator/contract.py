"""The vocabulary shared with the browser: JSON Schema of the engine's models, for TypeScript types."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, RootModel

from orchestrator.engine.document.form_words import FORM_WORDS
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import NodeKindSchema
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.effects.child_run import RunEnd, RunWanted
from orchestrator.engine.effects.human import HumanAnswer, HumanRequest
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, RecalledMemory
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.log.events import RunEvent as EveryEvent
from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus


class RunEvent(RootModel[EveryEvent]):
    """Any event of a run's log."""


class Contract(BaseModel):
    """Everything that has a type on both sides."""

    graph: Graph
    event: RunEvent
    kind: NodeKindSchema
    problem: Problem
    error: ErrorInfo
    human_request: HumanRequest
    human_answer: HumanAnswer
    model_request: ModelRequest
    model_reply: ModelReply
    memory_query: MemoryQuery
    recalled_memory: RecalledMemory
    new_memory: NewMemory
    kept_memory: KeptMemory
    run_wanted: RunWanted
    run_end: RunEnd
    run_status: RunStatus
    node_status: NodeStatus
    effect_status: EffectStatus


_LEFT_OUT = frozenset({"title", "default", "pattern", "examples", *FORM_WORDS})
"""What no type is made of."""


def contract_schema() -> dict[str, Any]:
    """JSON Schema of the whole contract; every field is required, because it is always written."""
    schema = Contract.model_json_schema(mode="serialization")
    return {**_tidy(schema), "title": "Contract"}


def _tidy(part: Any) -> Any:
    """Without titles of fields, which would each become a type; JSON values by their TypeScript name."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: value for key, value in part.items() if key not in _LEFT_OUT}
    if part.get("$ref", "").endswith("/JsonValue") or not {key for key in found if key != "description"}:
        return {"tsType": "Json"}
    for key in ("properties", "$defs"):
        if isinstance(part.get(key), Mapping):
            found[key] = {name: _tidy(value) for name, value in part[key].items() if name != "JsonValue"}
    for key in ("items", "anyOf", "oneOf", "additionalProperties", "prefixItems"):
        if key in part:
            found[key] = _tidy(part[key])
    if found.get("type") == "array":
        found.pop("minItems", None)
        found.pop("maxItems", None)
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
        found["required"] = sorted(found["properties"])
    return found
