"""Every loop has a limit, and every limit a loop."""

from collections.abc import Iterator

from orchestrator.engine.document.graph import Edge, Graph
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.loops.level import levels
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.ids import NodeId


def missing_limits(graph: Graph) -> Iterator[Problem]:
    """Every cycle needs an edge with a limit. A container whose body is one edge looks like a cycle and is told apart."""
    inner = {node.id for node in graph.nodes if kind_of(node.kind).container}
    bodies = {node.id: {port.name for port in kind_of(node.kind).outputs if port.inner} for node in graph.nodes}
    following: dict[NodeId, list[NodeId]] = {node.id: [] for node in graph.nodes}
    unlimited: list[Edge] = []
    levels = {node.id: node.parent for node in graph.nodes}
    for edge in graph.edges:
        if edge.source not in levels or edge.target not in levels or edge.max_iterations is not None:
            continue
        if levels[edge.source] != levels[edge.target] and (edge.source in inner or edge.target in inner):
            continue
        if edge.source == edge.target and edge.source_port in bodies[edge.source]:
            yield Problem(
                code="no_body",
                edge=edge.id,
                message=f"The edge leads from {edge.source!r} straight back to it, so that nothing is done with an item",
                cure="Put a node of the body between the two ports.",
            )
            continue
        following[edge.source].append(edge.target)
        unlimited.append(edge)
    component: dict[NodeId, int] = {}
    sizes: list[int] = []
    for index, members in enumerate(strongly_connected(following)):
        sizes.append(len(members))
        component.update(dict.fromkeys(members, index))
    for edge in unlimited:
        if edge.source == edge.target or (component[edge.source] == component[edge.target] and sizes[component[edge.source]] > 1):
            yield Problem(
                code="unlimited_cycle",
                edge=edge.id,
                field="max_iterations",
                message=f"The cycle through {edge.source!r} and {edge.target!r} has no limit",
                cure="Give the edge that leads back a max_iterations.",
            )


def idle_limits(graph: Graph) -> Iterator[Problem]:
    """Limits of edges that close no loop: they count nothing."""
    if all(edge.max_iterations is None for edge in graph.edges):
        return
    loops = {name: loop for level in levels(graph) for name, loop in level.loops.items()}
    for edge in graph.edges:
        if edge.max_iterations is not None and edge.target not in loops.get(edge.source, ()):
            yield Problem(
                code="idle_limit",
                edge=edge.id,
                field="max_iterations",
                severity=Severity.WARNING,
                message="The edge closes no loop, so that its limit counts nothing",
                cure="Remove the limit, or lead the edge back to where the loop begins.",
            )
