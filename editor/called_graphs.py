"""Graphs that the tool nodes of a graph have run: whether there are such is known before a run."""

from collections.abc import Iterator, Mapping

from editor.models import Graph
from orchestrator.engine.agents.host_tools.run_graph import NAME
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.ids import Json


def called_graph_problems(graph: GraphDocument) -> Iterator[Problem]:
    """A warning for each name under which everybody of the workspace would find nothing: a graph for few may be meant."""
    called = {node.id: _named(node.params) for node in graph.nodes if node.params.get("tool") == NAME}
    names = {name for name in called.values() if name}
    if not names:
        return
    known = set(Graph.objects.kept().filter(slug__in=names, restricted=False).values_list("slug", flat=True))
    for node, name in called.items():
        if name and name not in known:
            yield Problem(
                code="unknown_graph",
                severity=Severity.WARNING,
                node=node,
                field="arguments",
                message=f"There is no graph {name!r} that everybody of the workspace may run",
                cure="Write the name that stands in the graph's address, and see that whoever starts this run may run that graph.",
            )


def _named(params: Mapping[str, Json]) -> str:
    """The graph's name, where it is written out."""
    arguments = params.get("arguments")
    name = arguments.get("graph") if isinstance(arguments, dict) else None
    return name if isinstance(name, str) and "{{" not in name else ""
