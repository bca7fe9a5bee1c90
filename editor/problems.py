"""What is wrong with a document: as a whole, or in single places."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from editor.called_graphs import called_graph_problems
from editor.faults import faults_of
from editor.library.agents import resolve_agents
from orchestrator.capabilities.evaluation.limits import DOCUMENT_LIMITS, TookTooMuch
from orchestrator.capabilities.language_models.parts.abilities import takes
from orchestrator.engine.document.files.senses import sense_problems
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.reading import document_problems, graph_faults
from orchestrator.engine.document.validation import CHEAP_CHARACTERS, check_graph, check_text
from orchestrator.engine.ids import Json
from tenants.evaluation import evaluated
from tenants.models import Tool
from tenants.problems import ApiProblem


class InvalidDocument(ApiProblem):
    """The document is not a graph."""

    code = "invalid_document"
    cure = "Mend every problem listed, then save again."


class InvalidGraph(ApiProblem):
    """The graph has problems that keep it from running."""

    code = "invalid_graph"
    cure = "Mend every problem listed, then try again."


def read_document(document: Any) -> GraphDocument:
    """The graph in a document that was sent. Raises InvalidDocument with the places that do not fit, the first of them."""
    try:
        problems, count = faults_of(graph_faults, document)
    except TookTooMuch as error:
        raise InvalidDocument(f"The document cannot be read. {error.info.message}", cure="Make it smaller.") from error
    if problems:
        raise _no_graph(problems, count)
    return GraphDocument.model_validate(document)


def stored_document(document: Any) -> GraphDocument:
    """The graph in a document that was one when it was stored. Raises InvalidDocument when this build cannot read it."""
    try:
        return GraphDocument.model_validate(document)
    except ValidationError as error:
        raise _no_graph(document_problems(error), error.error_count()) from error


def _no_graph(problems: list[Problem], count: int) -> InvalidDocument:
    return InvalidDocument(f"The document is not a graph: {problems[0].message}", details={"problems": as_json(problems), "count": count})


def problems_of(graph: GraphDocument) -> list[Problem]:
    """Every problem of a graph as it would run in the tenant being worked for."""
    resolved, missing = resolve_agents(graph)
    return [*missing, *_checked(resolved), *sense_problems(resolved, takes), *called_graph_problems(resolved)]


def _checked(graph: GraphDocument) -> list[Problem]:
    """What is large is checked where it holds up nobody; what takes too long even there is a problem of its own."""
    text, tools = graph.model_dump_json(), known_tools()
    if len(text) <= CHEAP_CHARACTERS:
        return check_graph(graph, tools=tools)
    names: list[Json] = [*sorted(tools)]
    try:
        found = evaluated(check_text, text, names, limits=DOCUMENT_LIMITS)
    except TookTooMuch as error:
        told = f"The graph cannot be checked. {error.info.message}"
        return [Problem(code="too_costly", message=told, cure="Split the graph, or write shorter expressions and schemas.")]
    return [Problem.model_validate(problem) for problem in found] if isinstance(found, list) else []


def known_tools() -> frozenset[str]:
    return frozenset(Tool.objects.filter(enabled=True).values_list("name", flat=True))


def errors_in(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def as_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [problem.model_dump(mode="json") for problem in problems]
