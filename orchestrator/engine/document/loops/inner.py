"""Loops inside a loop that may be left more than once in one of its rounds: what leaves then meets what still goes round."""

from collections.abc import Iterator

from orchestrator.engine.document.graph import Edge, Graph
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.loops.level import Level, Nodes, levels
from orchestrator.engine.document.loops.rounds import DEEPEST, Rounds
from orchestrator.engine.document.problems import Problem, Severity

Inner = tuple[Nodes, Nodes]
"""A loop, and the loop around it."""


def meeting_problems(graph: Graph) -> Iterator[Problem]:
    """The edges that lead from a loop on into the loop around it, and may be taken in more than one round of the inner one.

    Rounds of both are counted as one: the second value comes round to the inner loop with a number that this has
    reached by itself. The document has no errors else.
    """
    if sum(edge.max_iterations is not None for edge in graph.edges) < 2:
        return
    for level in levels(graph):
        rounds = Rounds(level)
        for loop in dict.fromkeys(level.loops.values()):
            for inner, around in _inner_loops(level, loop):
                yield from (_problem(edge) for edge in _leading_on(level, inner, around) if not rounds.leaves_once(edge, inner))


def _inner_loops(level: Level, loop: Nodes, depth: int = 0) -> Iterator[Inner]:
    """What still goes round when nothing leads back any more to where the loop is entered; and so on inside."""
    entered = {name for name in loop if any(edge.source not in loop for edge in level.arriving[name])}
    following = {
        name: [edge.target for edge in level.leaving[name] if edge.target in loop and edge.target not in entered]
        for name in level.ordered
        if name in loop
    }
    for members in strongly_connected(following):
        if (len(members) > 1 or members[0] in following[members[0]]) and depth < DEEPEST:
            inner = frozenset(members)
            yield inner, loop
            yield from _inner_loops(level, inner, depth + 1)


def _leading_on(level: Level, inner: Nodes, around: Nodes) -> Iterator[Edge]:
    for name in level.ordered:
        if name in inner:
            yield from (edge for edge in level.leaving[name] if edge.target in around and edge.target not in inner)


def _problem(edge: Edge) -> Problem:
    return Problem(
        code="loop_entered_again",
        edge=edge.id,
        severity=Severity.WARNING,
        message=f"Edge {edge.id!r} leaves the inner loop around {edge.source!r} and may be taken in several rounds; "
        f"the loop around it brings each of these values back to where the inner loop still goes round, which ends the run",
        cure="Make it the `otherwise` edge of the node that leads back, so that it is taken in the last round only, "
        "or put the inner loop into a map.",
    )
