"""Whether a graph document can be executed: every problem at once, each with its place and cure."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.agents.checks import agent_problems, way_problems
from orchestrator.engine.document.expressions.failures import describe
from orchestrator.engine.document.expressions.templates import placeholders
from orchestrator.engine.document.graph import MAX_EDGES, MAX_NODES, FiringRule, Graph, Node, OnError
from orchestrator.engine.document.json_schema import schema_fault
from orchestrator.engine.document.loops.entries import entry_problems
from orchestrator.engine.document.loops.inner import meeting_problems
from orchestrator.engine.document.loops.limits import idle_limits, missing_limits
from orchestrator.engine.document.node_kind import OUT, Params, is_of_type
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import kind_of, load_kinds
from orchestrator.engine.document.wiring import edge_problems, expression_problems, reach_problems
from orchestrator.engine.ids import Json

CHEAP_CHARACTERS = 16 * 1024
"""Of a document that is checked in place: at most about 50 ms, most often a fifth of that."""
MAX_DEPTH = 8
"""Maps inside maps."""


def check_graph(graph: Graph, *, tools: frozenset[str] | None = None) -> list[Problem]:
    """All problems of a document; `tools` are the names that exist, None when that is not known.

    How its loops will go is asked of a document that has no errors else.
    """
    problems = _faults(graph, tools)
    if not any(problem.severity is Severity.ERROR for problem in problems):
        problems += [*idle_limits(graph), *entry_problems(graph), *meeting_problems(graph)]
    return problems


def check_text(text: str, tools: list[str]) -> Json:
    """All problems of a document given as JSON text, as JSON."""
    found = check_graph(Graph.model_validate_json(text), tools=frozenset(tools))
    return [problem.model_dump(mode="json") for problem in found]


def errors_of(graph: Graph) -> list[Problem]:
    """The problems for which the document cannot be executed.

    That a run will end at the second round of a loop is none: one that began before that was foreseen goes on.
    """
    return [problem for problem in _faults(graph, None) if problem.severity is Severity.ERROR]


def errors_of_text(text: str) -> Json:
    """The same of a document given as JSON text, as JSON."""
    return [problem.model_dump(mode="json") for problem in errors_of(Graph.model_validate_json(text))]


def _faults(graph: Graph, tools: frozenset[str] | None) -> list[Problem]:
    checks: list[Callable[[], Iterator[Problem]]] = [
        lambda: _size(graph),
        lambda: _identity(graph),
        lambda: _schemas(graph),
        lambda: _agents(graph, tools),
        lambda: agent_problems(graph),
        lambda: _nodes(graph, tools),
        lambda: edge_problems(graph),
        lambda: missing_limits(graph),
        lambda: reach_problems(graph),
    ]
    problems: list[Problem] = []
    for check in checks:
        problems.extend(check())
        if any(problem.code in ("too_large", "duplicate_id", "unknown_kind", "unknown_parent") for problem in problems):
            break
    return problems


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
            yield from expression_problems(expression, agent=name, field="instructions")


def _nodes(graph: Graph, tools: frozenset[str] | None) -> Iterator[Problem]:
    for node in graph.nodes:
        kind = kind_of(node.kind)
        try:
            params = kind.params.model_validate(kind.upgrade(node.kind_version, dict(node.params)))
        except ValidationError as error:
            for fault in error.errors():
                place = ".".join(str(part) for part in fault["loc"])
                missing = fault["type"] == "missing"
                found = f"{place or 'params'}: {fault['msg']} (got {str(fault['input'])[:80]!r})"
                yield Problem(
                    code="bad_params",
                    node=node.id,
                    field=place,
                    message=f"{place} is missing" if missing else found,
                    cure="Fill in this field." if missing else "Correct this field.",
                )
            continue
        yield from _fields(graph, node, params, tools)
        yield from _forms(node, params)
        yield from way_problems(graph, node, params)
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
    yield from _default(node)
    if kind_of(node.kind).delivers and node.parent is not None:
        yield Problem(
            code="output_in_map",
            node=node.id,
            message="An output inside a map would give the run many results",
            cure="Connect to the map's result port, and put the output after the map.",
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
        yield from expression_problems(expression, node=node.id, field=f"writes.{channel}")


def _default(node: Node) -> Iterator[Problem]:
    """Problems of the value that takes the place of a failed one."""
    if node.on_error is not OnError.DEFAULT:
        return
    kind = kind_of(node.kind)
    main = next((port for port in kind.outputs if port.name == OUT.name and not port.inner), None)
    if main is None:
        yield Problem(
            code="no_default",
            node=node.id,
            field="on_error",
            message=f"A {kind.title} node has no main output for which a default could stand",
            cure="Let the error leave by the error port, or let the run fail.",
        )
    elif not is_of_type(node.default_output, main.type):
        yield Problem(
            code="bad_default",
            node=node.id,
            field="default_output",
            message=f"The default is {describe(node.default_output)}, but port {main.name!r} gives {main.type}",
            cure="Give a value of that kind.",
        )


def _fields(graph: Graph, node: Node, params: Params, tools: frozenset[str] | None) -> Iterator[Problem]:
    """Problems of the fields whose control says what they hold."""
    for place, control, value in _controlled(params):
        if not isinstance(value, str):
            continue
        if control == "expression" and value.strip():
            yield from expression_problems(value, node=node.id, field=place)
        elif control == "template":
            for expression in placeholders(value):
                yield from expression_problems(expression, node=node.id, field=place)
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


def _forms(node: Node, params: Params) -> Iterator[Problem]:
    """Problems of the fields that hold a JSON Schema."""
    for place, control, value in _controlled(params):
        fault = schema_fault(value) if control == "schema" and value else None
        if fault:
            yield Problem(code="bad_schema", node=node.id, field=place, message=f"Not a JSON Schema: {fault}", cure="Correct the schema.")


def _controlled(params: Params, prefix: str = "") -> Iterator[tuple[str, str, Json]]:
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        place = f"{prefix}{name}"
        extra = info.json_schema_extra
        control = extra.get("control") if isinstance(extra, dict) else None
        if control == "expression-map" and isinstance(value, dict):
            yield from ((f"{place}.{key}", "expression", text) for key, text in value.items())
        elif isinstance(control, str) and isinstance(value, str | dict):
            yield place, control, value
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                if isinstance(entry, Params):
                    yield from _controlled(entry, f"{place}.{index}.")
