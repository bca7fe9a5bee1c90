"""Which loops more than one value may enter: the run that lets a second one in ends there (LoopEnteredAgain)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.engine.document.graph import Edge, Graph
from orchestrator.engine.document.loops.conditions import is_certain, needed
from orchestrator.engine.document.loops.level import Level, levels
from orchestrator.engine.document.loops.rounds import Rounds
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.ids import EdgeId, NodeId

MOST_CAUSES = 16
"""Edges that are remembered as the cause of several values at one node; further ones show when these are mended."""


@dataclass(frozen=True, slots=True)
class Several:
    """`leaving` carries several values out of a loop: as soon as `back` is taken, or perhaps, when that is None."""

    leaving: Edge
    back: Edge | None

    def perhaps(self) -> "Several":
        return Several(self.leaving, None)


Causes = dict[EdgeId, Several]


def entry_problems(graph: Graph) -> Iterator[Problem]:
    """The edges that lead from a loop to another one and may be taken in more than one round.

    Only a value that leaves a loop can be followed by another one on the same way. The document has no errors else.
    """
    if all(edge.max_iterations is None for edge in graph.edges):
        return
    for level in levels(graph):
        if len(set(level.loops.values())) > 1:
            yield from _entered_again(level)


def _entered_again(level: Level) -> Iterator[Problem]:
    rounds = Rounds(level)
    on_the_way = _on_the_way(level)
    arrived: dict[NodeId, list[Causes]] = defaultdict(list)
    found: dict[EdgeId, tuple[Several, Edge]] = {}
    for name in level.ordered:
        here = {} if name in level.loops else _fired_again(level, name, arrived.pop(name, []))
        for edge in level.leaving[name]:
            if level.inside(edge) or not (edge.target in level.loops or edge.target in on_the_way):
                continue
            causes = _causes(level, rounds, edge) if name in level.loops else _passed_on(level, edge, here)
            if edge.target not in level.loops:
                arrived[edge.target].append(causes)
                continue
            for cause in causes.values():
                known = found.get(cause.leaving.id)
                if known is None or (known[0].back is None and cause.back is not None):
                    found[cause.leaving.id] = (cause, edge)
    yield from (_problem(cause, entry) for cause, entry in found.values())


def _on_the_way(level: Level) -> set[NodeId]:
    """The nodes outside of all loops from which one can be reached."""
    found: set[NodeId] = set()
    for name in reversed(level.ordered):
        if name not in level.loops and any(edge.target in level.loops or edge.target in found for edge in level.leaving[name]):
            found.add(name)
    return found


def _causes(level: Level, rounds: Rounds, edge: Edge) -> Causes:
    """Why an edge that leaves a loop may carry several values."""
    loop = level.loops[edge.source]
    if rounds.leaves_once(edge, loop):
        return {}
    return {edge.id: Several(edge, rounds.repeats(edge, loop))}


def _fired_again(level: Level, name: NodeId, arrived: list[Causes]) -> Causes:
    """Why a node outside of loops may fire more than once: as many edges as it needs bring it several values."""
    need = needed(level.nodes[name])
    if sum(bool(causes) for causes in arrived) < need:
        return {}
    sure = sum(any(cause.back is not None for cause in causes.values()) for causes in arrived) >= need
    merged: Causes = {}
    for causes in arrived:
        for key, cause in causes.items():
            cause = cause if sure and need == 1 else cause.perhaps()
            if key not in merged and len(merged) == MOST_CAUSES:
                continue
            if merged.get(key) is None or cause.back is not None:
                merged[key] = cause
    return merged


def _passed_on(level: Level, edge: Edge, causes: Causes) -> Causes:
    if is_certain(level.nodes[edge.source], edge):
        return causes
    return {key: cause.perhaps() for key, cause in causes.items()}


def _problem(cause: Several, entry: Edge) -> Problem:
    edge, back = cause.leaving, cause.back
    by = "" if entry is edge else f" by edge {entry.id!r}"
    when = "may be taken in several rounds" if back is None else f"is taken again when {back.id!r} has led back"
    return Problem(
        code="loop_entered_again",
        edge=edge.id,
        severity=Severity.WARNING if back is None else Severity.ERROR,
        message=f"Edge {edge.id!r} leaves the loop around {edge.source!r} and {when}; "
        f"it leads{by} into the loop around {entry.target!r}, where a second value ends the run",
        cure=f"Make it the `otherwise` edge of the node that leads back, so that it is taken in the last round only, "
        f"or put the loop around {entry.target!r} into a map.",
    )
