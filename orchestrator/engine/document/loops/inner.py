"""Loops inside a loop that may be entered again while they go round, so that two values meet in one round of theirs."""

from collections.abc import Iterator

from orchestrator.engine.document.graph import Edge, Graph
from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.document.loops.level import Level, Nodes, levels
from orchestrator.engine.document.loops.rounds import Rounds
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.ids import EdgeId, NodeId


def meeting_problems(graph: Graph) -> Iterator[Problem]:
    """The edges because of which two values may meet at a node, one that leads back to it and one from elsewhere in the same loop.

    Rounds of an inner loop and of the one around it are counted as one, so both may come with the same number; the run
    that has them meet ends there (LoopEnteredAgain). The document has no errors else.
    """
    if sum(edge.max_iterations is not None for edge in graph.edges) < 2:
        return
    found: dict[EdgeId, Problem] = {}
    for level in levels(graph):
        rounds = Rounds(level)
        for name, loop in level.loops.items():
            if _is_inner_head(level, name, loop):
                found |= {edge.id: problem for edge, problem in _problems(level, rounds, name, loop)}
    yield from found.values()


def _is_inner_head(level: Level, name: NodeId, loop: Nodes) -> bool:
    """Whether edges with a limit lead to the node, and others from its own loop."""
    return len({edge.max_iterations is None for edge in level.arriving[name] if edge.source in loop}) == 2


def _problems(level: Level, rounds: Rounds, name: NodeId, loop: Nodes) -> Iterator[tuple[Edge, Problem]]:
    inner = _inner_loop(level, name, loop)
    leaving = [edge for each in inner for edge in level.leaving[each] if edge.target in loop and edge.target not in inner]
    several = [edge for edge in leaving if not rounds.leaves_once(edge, inner)]
    if several:
        yield from ((edge, _left_again(edge)) for edge in several)
    elif not rounds.comes_once(name, loop):
        entries = [edge for edge in level.arriving[name] if edge.source in loop and edge.max_iterations is None]
        yield from ((edge, _entered_again(edge)) for edge in entries)


def _inner_loop(level: Level, name: NodeId, loop: Nodes) -> Nodes:
    """What still goes round with a node when the edges that come to it without a limit are gone."""

    def remains(edge: Edge) -> bool:
        return edge.target in loop and (edge.target != name or edge.max_iterations is not None)

    following = {each: [edge.target for edge in level.leaving[each] if remains(edge)] for each in level.ordered if each in loop}
    return frozenset(next(members for members in strongly_connected(following) if name in members))


def _left_again(edge: Edge) -> Problem:
    return _problem(
        edge,
        f"Edge {edge.id!r} leaves the inner loop around {edge.source!r} and may be taken in several rounds; "
        "the loop around it brings each of these values back to where the inner loop still goes round, which ends the run",
    )


def _entered_again(edge: Edge) -> Problem:
    return _problem(
        edge,
        f"Edge {edge.id!r} may bring a value to {edge.target!r} while the inner loop there still goes round with another one, "
        "which ends the run",
    )


def _problem(edge: Edge, message: str) -> Problem:
    return Problem(
        code="loop_entered_again",
        edge=edge.id,
        severity=Severity.WARNING,
        message=message,
        cure="Let a node either go round or lead on, by an `otherwise` edge beside the one that leads back, "
        "or put the inner loop into a map.",
    )
