"""What leaves a loop leaves in the order of its rounds, though a later round may be done before an earlier one.

Rounds overlap where a loop goes on without one of its branches: the node that the branch leads to
fires at the first value, or the branch need not lead back. How the values that leave are counted
must not depend on which round is done first.
"""

from collections.abc import Collection, Iterable

from orchestrator.engine.execution.firing.plan import Plan
from orchestrator.engine.ids import NodeId

Turn = tuple[NodeId, int]
"""A node in one round of its loop: an activation, or one that may come."""


def may_still_come(plan: Plan, node: NodeId, before: int, begun: Iterable[Turn], fired: Collection[Turn]) -> bool:
    """Whether a turn of `node` in a round before `before` may still end.

    `begun` are turns of its loop that are under way or may come; `fired` are all that came, and will not come again.
    """
    open_turns = [turn for turn in begun if turn[1] < before]
    seen = set(open_turns)
    while open_turns:
        name, number = open_turns.pop()
        if name == node:
            return True
        for edge in plan.nodes[name].outgoing:
            turn = (edge.target, number + (edge.id in plan.back))
            if edge.id in plan.inside and turn[1] < before and turn not in fired and turn not in seen:
                seen.add(turn)
                open_turns.append(turn)
    return False
