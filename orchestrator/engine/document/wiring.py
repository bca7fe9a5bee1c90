"""How the nodes of a document are wired: ports, edges, and what can be reached."""

from collections.abc import Iterator

from orchestrator.engine.document.expressions.expression import require_readable
from orchestrator.engine.document.graph import Edge, Graph, Node, OnError
from orchestrator.engine.document.node_kind import ERROR, NodeKind, Params, Port
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json, NodeId, PortName


def output_ports(node: Node, kind: NodeKind[Params]) -> dict[PortName, Port]:
    """The output ports of a node: its kind's, those its parameters add, and the error port."""
    ports = {port.name: port for port in kind.outputs}
    if kind.ports_from is not None:
        entries = node.params.get(kind.ports_from.param, _default(kind, kind.ports_from.param))
        for entry in entries if isinstance(entries, list) else []:
            name = entry.get(kind.ports_from.name) if isinstance(entry, dict) else None
            if isinstance(name, str):
                ports[PortName(name)] = Port(name=PortName(name))
    if node.on_error is OnError.PORT:
        ports[ERROR.name] = ERROR
    return ports


def _default(kind: NodeKind[Params], param: str) -> Json:
    default = kind.params.model_fields[param].get_default(call_default_factory=True)
    return [entry.model_dump(mode="json") for entry in default]


def expression_problems(expression: str, **place: str) -> Iterator[Problem]:
    """Why an expression cannot be read. `place` are the fields of a problem that say where it stands."""
    try:
        require_readable(expression)
    except EngineError as error:
        told = {"message": error.info.message, "cure": error.info.cure}
        yield Problem.model_validate({"code": "bad_expression", **told, **place})


def edge_problems(graph: Graph) -> Iterator[Problem]:
    nodes = {node.id: node for node in graph.nodes}
    ports = {node.id: output_ports(node, kind_of(node.kind)) for node in graph.nodes}
    seen: set[tuple[str, str, str, str]] = set()
    for edge in graph.edges:
        yield from _ends(edge, nodes, ports)
        ends = (edge.source, edge.source_port, edge.target, edge.target_port)
        if ends in seen:
            yield Problem(
                code="duplicate_edge", edge=edge.id, message="The same two ports are connected twice", cure="Remove one of the edges."
            )
        seen.add(ends)
        if edge.condition is not None:
            yield from expression_problems(edge.condition, edge=edge.id, field="condition")
            if (out := ports.get(edge.source, {}).get(edge.source_port)) is not None and out.inner:
                yield Problem(
                    code="idle_condition",
                    edge=edge.id,
                    field="condition",
                    severity=Severity.WARNING,
                    message="Each item passes this edge, so that its condition decides nothing",
                    cure="Remove the condition, or put it on an edge behind the first node of the body.",
                )
        if edge.otherwise and edge.condition is not None:
            yield Problem(
                code="otherwise_with_condition",
                edge=edge.id,
                message="An `otherwise` edge has a condition too",
                cure="Remove one of the two.",
            )


def _ends(edge: Edge, nodes: dict[NodeId, Node], ports: dict[NodeId, dict[PortName, Port]]) -> Iterator[Problem]:
    source, target = nodes.get(edge.source), nodes.get(edge.target)
    if source is None or target is None:
        missing = edge.source if source is None else edge.target
        yield Problem(code="dangling_edge", edge=edge.id, message=f"There is no node {missing!r}", cure="Remove the edge.")
        return
    out = ports[edge.source].get(edge.source_port)
    into = next((port for port in kind_of(target.kind).inputs if port.name == edge.target_port), None)
    if out is None or into is None:
        end, port = (edge.source, edge.source_port) if out is None else (edge.target, edge.target_port)
        yield Problem(
            code="unknown_port", edge=edge.id, node=end, message=f"Node {end!r} has no port {port!r}", cure="Connect to a port it has."
        )
        return
    level_out = source.id if out.inner else source.parent
    level_in = target.id if into.inner else target.parent
    if level_out != level_in:
        yield Problem(
            code="crossing_edge",
            edge=edge.id,
            message="The edge crosses the border of a map",
            cure="Enter by its item port, leave by its result port.",
        )
    if not _fits(out, into):
        yield Problem(
            code="type_mismatch",
            edge=edge.id,
            message=f"Port {out.name!r} gives {out.type}, port {into.name!r} takes {into.type}",
            cure="Put a transform between.",
        )


def _fits(out: Port, into: Port) -> bool:
    return "any" in (out.type, into.type) or out.type == into.type


def reach_problems(graph: Graph) -> Iterator[Problem]:
    """Nodes nothing can lead to, maps without a result, graphs without an output."""
    nodes = {node.id: node for node in graph.nodes}
    arriving = {edge.target for edge in graph.edges}
    results = {edge.target for edge in graph.edges if edge.target in nodes and _is_inner(nodes[edge.target], edge.target_port)}
    executing = [node for node in graph.nodes if kind_of(node.kind).executes]
    for node in executing:
        kind = kind_of(node.kind)
        if kind.inputs and node.parent is None and node.id not in arriving:
            yield Problem(
                code="unconnected",
                node=node.id,
                severity=Severity.WARNING,
                message="Nothing leads to this node; it starts with the run",
                cure="Connect its input.",
            )
        if kind.container and node.id not in results:
            yield Problem(
                code="no_result",
                node=node.id,
                message="Nothing leads to the result port of this map",
                cure="Connect the last node of its body to `result`.",
            )
    if executing and not any(kind_of(node.kind).delivers for node in executing):
        yield Problem(
            code="no_output",
            severity=Severity.WARNING,
            message="The graph has no output node, so runs give nothing back",
            cure="Add an output node.",
        )


def _is_inner(node: Node, port: PortName) -> bool:
    return any(into.inner for into in kind_of(node.kind).inputs if into.name == port)
