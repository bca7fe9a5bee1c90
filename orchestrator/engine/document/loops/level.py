"""The nodes that stand in one place, the graph itself or the body of a map, and the loops among them."""

from collections import defaultdict
from dataclasses import dataclass, field

from orchestrator.engine.document.graph import Edge, Graph, Node
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.ids import NodeId

Nodes = frozenset[NodeId]


@dataclass(slots=True)
class Level:
    """`leaving` and `arriving` hold no edge that is never taken; `arriving` has those from the border of the map too.

    `ordered` are all nodes, each after those that lead to it, but for the nodes of one loop, which stand together.
    `loops` has the loop of each node that is in one. Loops that share a node are one.
    """

    nodes: dict[NodeId, Node] = field(default_factory=dict)
    leaving: dict[NodeId, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    arriving: dict[NodeId, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    ordered: list[NodeId] = field(default_factory=list)
    loops: dict[NodeId, Nodes] = field(default_factory=dict)

    def inside(self, edge: Edge) -> bool:
        """Whether an edge leads from a loop into the same loop."""
        return edge.target in self.loops.get(edge.source, ())


def levels(graph: Graph) -> list[Level]:
    """Every level of a document whose edges all have proper ends."""
    found: dict[NodeId | None, Level] = defaultdict(Level)
    parents = {node.id: node.parent for node in graph.nodes if kind_of(node.kind).executes}
    for node in graph.nodes:
        if node.id in parents:
            found[node.parent].nodes[node.id] = node
    following: dict[NodeId | None, dict[NodeId, list[NodeId]]] = {
        parent: {name: [] for name in level.nodes} for parent, level in found.items()
    }
    for edge in graph.edges:
        if edge.target not in parents or edge.source not in parents:
            continue
        parent = parents[edge.target]
        if parents[edge.source] == parent:
            following[parent][edge.source].append(edge.target)
        if edge.condition is not None and edge.condition.strip() == "false":
            continue
        if parents[edge.source] == parent:
            found[parent].leaving[edge.source].append(edge)
        if parent in (parents[edge.source], edge.source):
            found[parent].arriving[edge.target].append(edge)
    for parent, level in found.items():
        _find_loops(level, following[parent])
    return list(found.values())


def _find_loops(level: Level, following: dict[NodeId, list[NodeId]]) -> None:
    for members in reversed(strongly_connected(following)):
        level.ordered += members
        if len(members) > 1 or members[0] in following[members[0]]:
            level.loops.update(dict.fromkeys(members, frozenset(members)))
