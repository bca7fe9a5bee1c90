"""What can be said of the edges that leave a node without evaluating anything: which are surely taken, which never together."""

import re

from orchestrator.engine.document.graph import Edge, FiringRule, Node, OnError
from orchestrator.engine.document.node_kind import ERROR, Yields
from orchestrator.engine.document.registry import kind_of

_COMPARISON = re.compile(r"([^<>=!&|?]+)(<=|>=|==|!=|<|>)([^<>=!&|?]+)")
_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_PAIRS = ("()", "[]", "{}", "''", '""')


def is_certain(node: Node, edge: Edge) -> bool:
    """Whether the edge is taken each time the node has done its work."""
    always = edge.condition is None or edge.condition.strip() == "true"
    yields = kind_of(node.kind).yields_with(node.params)
    return always and not edge.otherwise and node.on_error is not OnError.PORT and yields is Yields.ALL


def exclude(node: Node, one: Edge, other: Edge) -> bool:
    """Whether two edges that leave the node are never taken together."""
    if one.source_port != other.source_port:
        by_error = node.on_error is OnError.PORT and ERROR.name in (one.source_port, other.source_port)
        return by_error or kind_of(node.kind).yields_with(node.params) is Yields.ONE
    if one.otherwise or other.otherwise:
        return one.otherwise != other.otherwise
    return one.condition is not None and other.condition is not None and are_opposite(one.condition, other.condition)


def are_opposite(one: str, other: str) -> bool:
    """Whether one condition is plainly the negation of the other: `!(...)`, or the same comparison the other way."""
    one, other = one.strip(), other.strip()
    if f"!({one})" == other or f"!({other})" == one:
        return True
    first, second = _COMPARISON.fullmatch(one), _COMPARISON.fullmatch(other)
    if first is None or second is None or _OPPOSITE[first[2]] != second[2]:
        return False
    sides = [match[side].strip() for side in (1, 3) for match in (first, second)]
    return sides[0] == sides[1] and sides[2] == sides[3] and all(map(_is_whole, sides))


def _is_whole(text: str) -> bool:
    """Whether no bracket and no quotation is left open, so that the comparison stands outside of them all."""
    return all(text.count(pair[0]) % 2 == 0 if pair[0] == pair[1] else text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)


def needed(node: Node) -> int:
    """How many values of one round make the node fire."""
    return node.firing.count if node.firing.rule is FiringRule.N_OF else 1
