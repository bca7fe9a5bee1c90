"""Which outgoing edges a node takes when it has ended."""

from collections.abc import Callable, Container, Iterator

from orchestrator.engine.document.graph import Edge
from orchestrator.engine.document.node_kind import Outputs
from orchestrator.engine.errors import RunLimitReached
from orchestrator.engine.execution.firing.plan import NodePlan
from orchestrator.engine.ids import EdgeId, PortName


def open_edges(entry: NodePlan, outputs: Outputs, closed: Container[EdgeId], times_taken: Callable[[EdgeId], int]) -> tuple[EdgeId, ...]:
    """The edges that carry a value, in document order. `closed` are those whose condition does not hold.

    Raises RunLimitReached when a loop is used up and nothing else leads on.
    """
    taken: list[EdgeId] = []
    used_up: dict[PortName, Edge] = {}
    led_on: set[PortName] = set()
    for edge in entry.outgoing:
        if edge.source_port not in outputs or edge.otherwise:
            continue
        if edge.id in closed:
            continue
        if _is_used_up(edge, times_taken):
            used_up[edge.source_port] = edge
            continue
        led_on.add(edge.source_port)
        taken.append(edge.id)
    for edge in [edge for edge in entry.outgoing if edge.otherwise and edge.source_port in outputs and edge.source_port not in led_on]:
        if _is_used_up(edge, times_taken):
            used_up[edge.source_port] = edge
            continue
        led_on.add(edge.source_port)
        taken.append(edge.id)
    for port, edge in used_up.items():
        if port not in led_on:
            raise RunLimitReached(
                f"The loop along edge {edge.id!r} was taken {edge.max_iterations} times and nothing else leads on",
                cure="Let an `otherwise` edge lead on when the loop is used up, or raise its max_iterations.",
            )
    return tuple(taken)


def conditional_edges(entry: NodePlan, outputs: Outputs) -> Iterator[tuple[Edge, str]]:
    """The edges at ports with a value that are taken on a condition, each with it, in document order."""
    for edge in entry.outgoing:
        if edge.source_port in outputs and not edge.otherwise and edge.condition is not None:
            yield edge, edge.condition


def _is_used_up(edge: Edge, times_taken: Callable[[EdgeId], int]) -> bool:
    return edge.max_iterations is not None and times_taken(edge.id) >= edge.max_iterations
