"""A graph made ready for execution: adjacency, loops, and the bodies of maps.

Compiled once per run from a checked document; knows structure only, never progress.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from orchestrator.engine.document.graph import Edge, FiringRule, Graph, Node
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.node_kind import NodeKind, Params
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.ids import EdgeId, NodeId, PortName


@dataclass(slots=True)
class NodePlan:
    """One node with its edges in document order. `returning` counts the incoming edges that close a loop.

    `gathering` are the ports at which values arrive as a list, however many come: those where several
    edges end that can all bring one. Where the first to arrive is enough, it arrives alone.
    `follows` is true of a node with one incoming edge and no loop before it: it fires once or never,
    as its source says. `settles` is true where something else than such nodes comes after.
    """

    node: Node
    kind: NodeKind[Params]
    params: Params
    incoming: list[Edge] = field(default_factory=list)
    outgoing: list[Edge] = field(default_factory=list)
    region: int = 0
    in_loop: bool = False
    returning: int = 0
    gathering: set[PortName] = field(default_factory=set)
    follows: bool = False
    settles: bool = True


@dataclass(slots=True)
class Region:
    """A strongly connected set of nodes: one node, or a whole loop. `entering` counts edges from outside."""

    nodes: list[NodeId]
    entering: int = 0


@dataclass(slots=True)
class Plan:
    """The nodes of one level. `seeds` bring the item into a body, `results` carry its outcome out.

    Edges `inside` have both ends in one loop; those that lead `back` begin its next round.
    `entries` are, for each of these, the edges by which its loop is entered anew: from outside,
    or in each round of a loop around it.
    """

    nodes: dict[NodeId, NodePlan] = field(default_factory=dict)
    inside: set[EdgeId] = field(default_factory=set)
    back: set[EdgeId] = field(default_factory=set)
    entries: dict[EdgeId, list[EdgeId]] = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)
    seeds: list[Edge] = field(default_factory=list)
    results: list[Edge] = field(default_factory=list)
    bodies: dict[NodeId, "Plan"] = field(default_factory=dict)

    def all_bodies(self) -> dict[NodeId, "Plan"]:
        """The bodies of all maps, however deep they stand."""
        found: dict[NodeId, Plan] = {}
        open_plans = [self]
        while open_plans:
            bodies = open_plans.pop().bodies
            found |= bodies
            open_plans.extend(bodies.values())
        return found


class _Same:
    """A document as a key: only itself is equal to it, because to compare whole documents takes long."""

    __slots__ = ("graph",)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __hash__(self) -> int:
        return id(self.graph)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.graph is self.graph


def plan_of(graph: Graph) -> Plan:
    """The plan of a document, made once for each object. Raises KeyError for one that was not checked."""
    return _plan_of(_Same(graph))


@lru_cache(maxsize=256)
def _plan_of(same: _Same) -> Plan:
    return compile_plan(same.graph)


def compile_plan(graph: Graph) -> Plan:
    """The plan of a checked document. Raises KeyError for one that was not checked."""
    executing = [node for node in graph.nodes if kind_of(node.kind).executes]
    return _level(None, executing, graph.edges)


def _level(parent: NodeId | None, nodes: list[Node], edges: Iterable[Edge]) -> Plan:
    plan = Plan()
    for node in nodes:
        if node.parent == parent:
            kind = kind_of(node.kind)
            params = kind.upgrade(node.kind_version, dict(node.params)) if node.kind_version != kind.version else node.params
            plan.nodes[node.id] = NodePlan(node, kind, kind.params.model_validate(params))
    for edge in edges:
        _place(plan, edge, parent)
    _find_regions(plan)
    _find_entries(plan)
    _find_followers(plan)
    for node_id, entry in plan.nodes.items():
        if entry.kind.container:
            plan.bodies[node_id] = _level(node_id, nodes, edges)
    return plan


def _place(plan: Plan, edge: Edge, parent: NodeId | None) -> None:
    source, target = plan.nodes.get(edge.source), plan.nodes.get(edge.target)
    if source is not None and target is not None:
        source.outgoing.append(edge)
        target.incoming.append(edge)
    elif target is not None and edge.source == parent:
        target.incoming.append(edge)
        plan.seeds.append(edge)
    elif source is not None and edge.target == parent:
        source.outgoing.append(edge)
        plan.results.append(edge)


def _find_regions(plan: Plan) -> None:
    for members in strongly_connected(
        {name: [e.target for e in entry.outgoing if e.target in plan.nodes] for name, entry in plan.nodes.items()}
    ):
        for name in members:
            plan.nodes[name].region = len(plan.regions)
        plan.regions.append(Region(members))
    for entry in plan.nodes.values():
        entry.in_loop = len(plan.regions[entry.region].nodes) > 1
        for edge in entry.incoming:
            source = plan.nodes.get(edge.source)
            if source is None:
                continue
            if source.region != entry.region:
                plan.regions[entry.region].entering += 1
                continue
            entry.in_loop = True
            plan.inside.add(edge.id)
            if edge.max_iterations is not None:
                plan.back.add(edge.id)
                entry.returning += 1


def _find_followers(plan: Plan) -> None:
    once: set[NodeId] = set()
    for region in reversed(plan.regions):  # from the sources on
        for name in region.nodes:
            entry = plan.nodes[name]
            entry.gathering = _gathering(plan, entry)
            sources = [edge.source for edge in entry.incoming if edge.source in plan.nodes]
            if not entry.in_loop and once.issuperset(sources):
                once.add(name)
                entry.follows = len(sources) == len(entry.incoming) == 1
    for entry in plan.nodes.values():
        entry.settles = entry.in_loop or any(not plan.nodes[edge.target].follows for edge in entry.outgoing if edge.target in plan.nodes)


def _gathering(plan: Plan, entry: NodePlan) -> set[PortName]:
    found = {port.name for port in entry.kind.inputs if port.many}
    if entry.node.firing.rule is FiringRule.ANY:
        return found
    # Values that enter a loop and values that come back along it never arrive together.
    ends = Counter((edge.target_port, edge.id in plan.back) for edge in entry.incoming)
    return found | {port for (port, _back), count in ends.items() if count > 1}


def _find_entries(plan: Plan) -> None:
    """The edges that enter the loop of each edge that leads back."""
    edges = {edge.id: edge for entry in plan.nodes.values() for edge in entry.incoming}
    bodies = {edge_id: _loop_of(plan, edges[edge_id]) for edge_id in plan.back}
    for edge_id, body in bodies.items():
        region = set(plan.regions[plan.nodes[edges[edge_id].target].region].nodes)
        around = set().union(*(other for other in bodies.values() if body < other))
        plan.entries[edge_id] = [
            edge.id
            for name in body
            for edge in plan.nodes[name].incoming
            if edge.source not in body and (edge.source not in region or edge.source in around)
        ]


def _loop_of(plan: Plan, back: Edge) -> set[NodeId]:
    """The nodes between the target of an edge that leads back and its source: those that reach the source without the target."""
    body, open_nodes = {back.target}, [back.source]
    while open_nodes:
        name = open_nodes.pop()
        if name not in body:
            body.add(name)
            open_nodes += [edge.source for edge in plan.nodes[name].incoming if edge.id in plan.inside]
    return body
