"""How often an edge that leaves a loop is taken: once, perhaps several times, or surely once more in a second round."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from orchestrator.engine.document.graph import Edge
from orchestrator.engine.document.loops.conditions import exclude, is_certain, needed
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.loops.level import Level, Nodes
from orchestrator.engine.ids import NodeId

MOST_STEPS = 100_000
"""Nodes looked at for one level. In a document that is made to need more, nothing further is shown to happen once."""

DEEPEST = 20
"""Loops inside each other."""

MOST_WAYS = 12
"""Edges from one node back into its loop that are compared with each other."""

Number = tuple[int, Nodes, bool]
"""How much the number of a round has grown: by edges with a limit, and by whole loops, named by the nodes where they were left.

The mark says that it came back to where it began by an edge with a limit: such values do not wait for those that come by others.
"""

Following = dict[NodeId, list[Edge]]


class Rounds:
    """The loops of one level.

    A node fires once for each number of a round. So an edge is taken once when its node takes it only
    if it takes no edge back into the loop, and if between two of its turns one number alone reaches it.
    """

    def __init__(self, level: Level) -> None:
        self._level = level
        self._steps = 0
        self._fires_once: dict[tuple[NodeId, Nodes], bool] = {}
        self._repeated_by: dict[NodeId, Edge | None] = {}

    def leaves_once(self, edge: Edge, loop: Nodes, depth: int = 0) -> bool:
        """Whether it is certain that an edge out of `loop` is taken at most once each time the loop is entered."""
        node = self._level.nodes[edge.source]
        if depth > DEEPEST or not all(exclude(node, edge, back) for back in self._within(edge.source, loop)):
            return False
        return self.comes_once(edge.source, loop, depth)

    def comes_once(self, name: NodeId, loop: Nodes, depth: int = 0) -> bool:
        """Whether it is certain that no two values come to a node of `loop` for one turn by ways that do not wait for each other."""
        key = (name, loop)
        if key not in self._fires_once:
            self._fires_once[key] = self._one_turn_at_a_time(name, loop, depth)
        return self._fires_once[key]

    def repeats(self, edge: Edge, loop: Nodes) -> Edge | None:
        """An edge that leads back and, once it is taken, has `edge` taken a second time. None when that is not certain of any."""
        if not is_certain(self._level.nodes[edge.source], edge):
            return None
        if edge.source not in self._repeated_by:
            self._repeated_by[edge.source] = self._turned_back_to(edge.source, loop)
        return self._repeated_by[edge.source]

    def _within(self, name: NodeId, loop: Nodes) -> list[Edge]:
        return [edge for edge in self._level.leaving[name] if edge.target in loop]

    def _may_go_on(self, nodes: Nodes) -> bool:
        self._steps += len(nodes)
        return self._steps <= MOST_STEPS

    def _entered(self, loop: Nodes) -> list[NodeId]:
        return [name for name in loop if any(edge.source not in loop for edge in self._level.arriving[name])]

    def _one_turn_at_a_time(self, name: NodeId, loop: Nodes, depth: int) -> bool:
        """Whether one number reaches the node from the ways in, and one from itself along whatever it takes together."""
        if not self._may_go_on(loop):
            return False
        following = {each: [] if each == name else self._within(each, loop) for each in loop}
        parts = strongly_connected({each: [edge.target for edge in edges] for each, edges in following.items()})
        parts.reverse()  # from the ways in on
        together: list[list[Edge]] = [self._within(name, loop)]
        node = self._level.nodes[name]
        if len(together[0]) <= MOST_WAYS and all(exclude(node, *pair) for pair in combinations(together[0], 2)):
            together = [[edge] for edge in together[0]]
        begins: list[list[tuple[NodeId, Number]]] = [[(each, _NOTHING) for each in self._entered(loop)]]
        begins += [[(edge.target, _after(_NOTHING, edge, name)) for edge in edges] for edges in together]
        return all(self._one_number(name, begin, parts, following, depth) for begin in begins)

    def _one_number(
        self, name: NodeId, begin: Iterable[tuple[NodeId, Number]], parts: list[list[NodeId]], following: Following, depth: int
    ) -> bool:
        """Whether all ways from `begin` to the node add the same to the number."""
        numbers: dict[NodeId, set[Number]] = defaultdict(set)
        for each, number in begin:
            numbers[each].add(number)
        for part in parts:
            found = set().union(*(numbers[each] for each in part if each in numbers))
            if len(found) > 1:
                return False
            if name in part:
                return True
            for number in found:
                if not self._pass_on(number, name, part, numbers, following, depth):
                    return False
        return True

    def _pass_on(
        self, number: Number, home: NodeId, part: list[NodeId], numbers: dict[NodeId, set[Number]], following: Following, depth: int
    ) -> bool:
        """Give the number to what follows a node, or a loop that lies inside. False when such a loop may be left more than once."""
        members = frozenset(part)
        is_loop = any(edge.target in members for edge in following[part[0]])
        for each in part:
            for edge in following[each]:
                if edge.target in members:
                    continue
                if is_loop and not self.leaves_once(edge, members, depth + 1):
                    return False
                left = (number[0], number[1] | {each}, False) if is_loop else number
                numbers[edge.target].add(_after(left, edge, home))
        return True

    def _turned_back_to(self, name: NodeId, loop: Nodes) -> Edge | None:
        if not self._may_go_on(loop) or needed(self._level.nodes[name]) > 1:
            return None
        again = self._surely_leading_to(name, loop, same_round=False)
        at_first = self._surely_leading_to(name, loop, same_round=True)
        before_it = self._reached_without(at_first, loop)
        for each in loop - before_it:
            for edge in self._within(each, loop):
                if edge.max_iterations is not None and edge.target in again:
                    return edge
        return None

    def _surely_leading_to(self, name: NodeId, loop: Nodes, same_round: bool) -> set[NodeId]:
        """The nodes of the loop which, when they fire, have the node fire; or have it fire in the same round."""
        nodes = self._level.nodes
        found, open_nodes = {name}, [name]
        while open_nodes:
            for edge in self._level.arriving[open_nodes.pop()]:
                source = edge.source
                if source not in loop or source in found or needed(nodes[source]) > 1 or (same_round and edge.max_iterations is not None):
                    continue
                if is_certain(nodes[source], edge):
                    found.add(source)
                    open_nodes.append(source)
        return found

    def _reached_without(self, passed: set[NodeId], loop: Nodes) -> set[NodeId]:
        """The nodes of the loop that values may reach from outside though none of `passed` has fired."""
        found = set(self._entered(loop)) - passed
        open_nodes = list(found)
        while open_nodes:
            for edge in self._within(open_nodes.pop(), loop):
                if edge.target not in passed and edge.target not in found:
                    found.add(edge.target)
                    open_nodes.append(edge.target)
        return found


_NOTHING: Number = (0, frozenset(), False)


def _after(number: Number, edge: Edge, home: NodeId) -> Number:
    return number if edge.max_iterations is None else (number[0] + 1, number[1], edge.target == home)
