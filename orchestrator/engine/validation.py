"""Whether a graph document can be executed: every problem at once, each with its place and cure."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from orchestrator.engine.agent import Agent
from orchestrator.engine.errors import EngineError, GraphInvalid
from orchestrator.engine.expressions import compile_expression, placeholders
from orchestrator.engine.graph import Edge, FiringRule, Graph, Node, OnError
from orchestrator.engine.ids import Json, NodeId, PortName
from orchestrator.engine.json_schema import schema_fault
from orchestrator.engine.node_kind import ERROR, NodeKind, Params, Port
from orchestrator.engine.plan import strongly_connected
from orchestrator.engine.problems import Problem, Severity
from orchestrator.engine.registry import kind_of, load_kinds

MAX_NODES = 20_000
MAX_EDGES = 100_000
MAX_DEPTH = 8
"""Maps inside maps."""


def check_graph(graph: Graph, *, tools: frozenset[str] | None = None) -> list[Problem]:
    """All problems of a document; `tools` are the names that exist, None when that is not known."""
    checks: list[Callable[[], Iterator[Problem]]] = [
        lambda: _size(graph),
        lambda: _identity(graph),
        lambda: _schemas(graph),
        lambda: _agents(graph, tools),
        lambda: _nodes(graph, tools),
        lambda: _edges(graph),
        lambda: _loops(graph),
        lambda: _reach(graph),
    ]
    problems: list[Problem] = []
    for check in checks:
        problems.extend(check())
        if any(problem.code in ("too_large", "duplicate_id", "unknown_kind", "unknown_parent") for problem in problems):
            break
    return problems


def require_valid(graph: Graph) -> None:
    """Raises GraphInvalid when the document has an error."""
    errors = [problem for problem in check_graph(graph) if problem.severity is Severity.ERROR]
    if errors:
        raise GraphInvalid(errors)


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


def _size(graph: Graph) -> Iterator[Problem]:
    for found, most, what in ((len(graph.nodes), MAX_NODES, "nodes"), (len(graph.edges), MAX_EDGES, "edges")):
        if found > most:
            yield Problem(code="too_large", message=f"The graph has {found} {what}, at most {most} are allowed", cure="Split the graph.")
    if not graph.nodes:
        yield Problem(
            code="empty", message="The graph has no nodes", cure="Drag a node from the palette onto the canvas.", severity=Severity.WARNING
        )


def _identity(graph: Graph) -> Iterator[Problem]:
    seen: set[str] = set()
    for node in graph.nodes:
        if node.id in seen:
            yield Problem(code="duplicate_id", node=node.id, message=f"Two nodes are called {node.id!r}", cure="Give each its own id.")
        seen.add(node.id)
    edges: set[str] = set()
    for edge in graph.edges:
        if edge.id in edges:
            yield Problem(code="duplicate_id", edge=edge.id, message=f"Two edges are called {edge.id!r}", cure="Give each its own id.")
        edges.add(edge.id)
    kinds = load_kinds()
    for node in graph.nodes:
        if node.kind not in kinds:
            known = ", ".join(sorted(kinds))
            yield Problem(
                code="unknown_kind",
                node=node.id,
                field="kind",
                message=f"There is no kind of node {node.kind!r}",
                cure=f"Use one of {known}.",
            )
    yield from _parents(graph)


def _parents(graph: Graph) -> Iterator[Problem]:
    nodes = {node.id: node for node in graph.nodes}
    kinds = load_kinds()
    for node in graph.nodes:
        depth, parent = 0, node.parent
        while parent is not None and depth <= MAX_DEPTH:
            holder = nodes.get(parent)
            if holder is None or (holder.kind in kinds and not kinds[holder.kind].container):
                yield Problem(
                    code="unknown_parent",
                    node=node.id,
                    field="parent",
                    message=f"{parent!r} cannot hold nodes",
                    cure="Move the node out, or into a map.",
                )
                break
            depth, parent = depth + 1, holder.parent
        if depth > MAX_DEPTH:
            yield Problem(
                code="unknown_parent",
                node=node.id,
                field="parent",
                message=f"Maps are nested more than {MAX_DEPTH} deep",
                cure="Flatten them.",
            )


def _schemas(graph: Graph) -> Iterator[Problem]:
    fault = schema_fault(graph.inputs) if graph.inputs else None
    if fault:
        yield Problem(
            code="bad_schema", field="inputs", message=f"The input form is not a JSON Schema: {fault}", cure="Correct the schema."
        )


def _agents(graph: Graph, tools: frozenset[str] | None) -> Iterator[Problem]:
    for name, agent in graph.agents.items():
        if not isinstance(agent, Agent):
            continue
        for tool in agent.tools:
            if tools is not None and tool not in tools:
                yield Problem(
                    code="unknown_tool",
                    agent=name,
                    field="tools",
                    message=f"There is no tool {tool!r}",
                    cure=f"Use one of {', '.join(sorted(tools))}.",
                )
        fault = schema_fault(agent.output_schema) if agent.output_schema else None
        if fault:
            yield Problem(
                code="bad_schema", agent=name, field="output_schema", message=f"Not a JSON Schema: {fault}", cure="Correct the schema."
            )
        for expression in placeholders(agent.instructions):
            for text in _expression_fault(expression):
                yield Problem(code="bad_expression", agent=name, field="instructions", message=text, cure="Correct the expression.")


def _nodes(graph: Graph, tools: frozenset[str] | None) -> Iterator[Problem]:
    for node in graph.nodes:
        kind = kind_of(node.kind)
        try:
            params = kind.params.model_validate(kind.upgrade(node.kind_version, dict(node.params)))
        except ValidationError as error:
            for fault in error.errors():
                place = ".".join(str(part) for part in fault["loc"])
                yield Problem(
                    code="bad_params",
                    node=node.id,
                    field=place,
                    message=f"{place or 'params'}: {fault['msg']} (got {str(fault['input'])[:80]!r})",
                    cure="Correct this field.",
                )
            continue
        yield from _fields(graph, node, params, tools)
        yield from _settings(graph, node)


def _settings(graph: Graph, node: Node) -> Iterator[Problem]:
    arriving = sum(edge.target == node.id for edge in graph.edges) if node.firing.rule is FiringRule.N_OF else 0
    if node.firing.rule is FiringRule.N_OF and node.firing.count > arriving:
        yield Problem(
            code="bad_firing",
            node=node.id,
            field="firing",
            message=f"It waits for {node.firing.count} values but only {arriving} edges arrive",
            cure="Lower the count, or connect more.",
        )
    for channel, expression in node.writes.items():
        if channel not in graph.channels:
            yield Problem(
                code="unknown_channel",
                node=node.id,
                field="writes",
                message=f"There is no channel {channel!r}",
                cure="Declare it on the graph first.",
            )
        for text in _expression_fault(expression):
            yield Problem(code="bad_expression", node=node.id, field=f"writes.{channel}", message=text, cure="Correct the expression.")


def _fields(graph: Graph, node: Node, params: Params, tools: frozenset[str] | None) -> Iterator[Problem]:
    """Problems of the fields whose control says what they hold."""
    for place, control, value in _controlled(params):
        if control == "expression" and value.strip():
            for text in _expression_fault(value):
                yield Problem(code="bad_expression", node=node.id, field=place, message=text, cure="Correct the expression.")
        elif control == "template":
            for expression in placeholders(value):
                for text in _expression_fault(expression):
                    yield Problem(
                        code="bad_expression", node=node.id, field=place, message=text, cure="Correct what stands between {{ and }}."
                    )
        elif control == "agent" and value and value not in graph.agents:
            yield Problem(
                code="unknown_agent",
                node=node.id,
                field=place,
                message=f"There is no agent {value!r} in this graph",
                cure="Choose an agent, or add it.",
            )
        elif control == "tool" and tools is not None and value not in tools:
            yield Problem(
                code="unknown_tool", node=node.id, field=place, message=f"There is no tool {value!r}", cure="Choose a tool that exists."
            )


def _controlled(params: Params, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        place = f"{prefix}{name}"
        extra = info.json_schema_extra
        control = extra.get("control") if isinstance(extra, dict) else None
        if control == "expression-map" and isinstance(value, dict):
            yield from ((f"{place}.{key}", "expression", text) for key, text in value.items())
        elif isinstance(value, str) and isinstance(control, str):
            yield place, control, value
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                if isinstance(entry, Params):
                    yield from _controlled(entry, f"{place}.{index}.")


def _expression_fault(expression: str) -> Iterator[str]:
    try:
        compile_expression(expression)
    except EngineError as error:
        yield error.info.message


def _edges(graph: Graph) -> Iterator[Problem]:
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
            for text in _expression_fault(edge.condition):
                yield Problem(code="bad_expression", edge=edge.id, field="condition", message=text, cure="Correct the condition.")
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


def _loops(graph: Graph) -> Iterator[Problem]:
    """Every cycle needs an edge with a limit."""
    inner = {node.id for node in graph.nodes if kind_of(node.kind).container}
    following: dict[NodeId, list[NodeId]] = {node.id: [] for node in graph.nodes}
    unlimited: list[Edge] = []
    levels = {node.id: node.parent for node in graph.nodes}
    for edge in graph.edges:
        if edge.source not in levels or edge.target not in levels or edge.max_iterations is not None:
            continue
        if levels[edge.source] != levels[edge.target] and (edge.source in inner or edge.target in inner):
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


def _reach(graph: Graph) -> Iterator[Problem]:
    """Nodes nothing can lead to, maps without a result, graphs without an output."""
    arriving: dict[NodeId, int] = {}
    results: set[NodeId] = set()
    for edge in graph.edges:
        arriving[edge.target] = arriving.get(edge.target, 0) + 1
        into = (
            next(
                (
                    port
                    for node in graph.nodes
                    if node.id == edge.target
                    for port in kind_of(node.kind).inputs
                    if port.name == edge.target_port
                ),
                None,
            )
            if edge.target_port != "in"
            else None
        )
        if into is not None and into.inner:
            results.add(edge.target)
    executing = [node for node in graph.nodes if kind_of(node.kind).executes]
    for node in executing:
        kind = kind_of(node.kind)
        if kind.inputs and node.parent is None and not arriving.get(node.id):
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


def document_problems(error: ValidationError) -> list[Problem]:
    """What is wrong with data that is not a graph document at all."""
    return [
        Problem(
            code="invalid_document",
            field=".".join(str(part) for part in fault["loc"]),
            message=f"{'.'.join(str(part) for part in fault['loc']) or 'document'}: {fault['msg']}",
            cure="Correct this part of the document.",
        )
        for fault in error.errors(include_url=False, include_input=False)[:200]
    ]
