"""Reading what somebody sent as a document: so many parts, and so many faults told, and no more."""

import json
from typing import Final

from pydantic import BaseModel, ValidationError

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.ids import Json

MOST_TOLD: Final = 200
MOST_PARTS: Final = {
    name: most
    for name, field in Graph.model_fields.items()
    for most in (field.json_schema_extra.values() if isinstance(field.json_schema_extra, dict) else ())
    if isinstance(most, int)
}
"""As the form says."""


def graph_faults(text: str) -> Json:
    """What is wrong with a JSON text as a graph: `count`, and the first `problems` as JSON. For an evaluating process: a large
    document may have millions of faults."""
    large = _too_large(json.loads(text))
    return _told(large, len(large)) if large else _faults(Graph, text)


def agent_faults(text: str) -> Json:
    """The same of a JSON text as an agent."""
    return _faults(Agent, text)


def document_problems(error: ValidationError) -> list[Problem]:
    """What is wrong with data that is not a document at all, the first places."""
    return [
        Problem(
            code="invalid_document",
            field=".".join(str(part) for part in fault["loc"]),
            message=f"{'.'.join(str(part) for part in fault['loc']) or 'document'}: {fault['msg']}",
            cure="Correct this part of the document.",
        )
        for fault in error.errors(include_url=False, include_input=False)[:MOST_TOLD]
    ]


def _faults(model: type[BaseModel], text: str) -> Json:
    """By exactly the form that the model's JSON Schema tells: a number in quotes is text, and true is no number."""
    try:
        model.model_validate_json(text, strict=True)
    except ValidationError as error:
        return _told(document_problems(error), error.error_count())
    return _told([], 0)


def _too_large(document: Json) -> list[Problem]:
    parts = document if isinstance(document, dict) else {}
    return [
        Problem(code="too_large", message=f"The graph has {len(found)} {name}, at most {most} are allowed", cure="Split the graph.")
        for name, most in MOST_PARTS.items()
        if isinstance(found := parts.get(name), list | dict) and len(found) > most
    ]


def _told(problems: list[Problem], count: int) -> Json:
    return {"count": count, "problems": [problem.model_dump(mode="json") for problem in problems]}
