"""Whether a turn of an earlier round may still end, before what a later round sends out of the loop goes on."""

import pytest

from orchestrator.engine.execution.firing.leaving import Turn, may_still_come
from orchestrator.engine.execution.firing.plan import compile_plan
from orchestrator.engine.ids import NodeId
from tests.engine.execution.firing.test_schedule import side_branch

PLAN = compile_plan(side_branch())
"""`a` leads to `b` and `c` in the same round, and each of these back to the next one; `c` leads out to `o`."""


@pytest.mark.parametrize(
    ("begun", "fired", "comes"),
    [
        ("", "", False),
        ("c1", "", True),
        ("c3", "", False),
        ("c4 c2", "", True),
        ("a1", "", True),
        ("a3", "", False),
        ("b1", "", True),
        ("b2", "", False),
        ("b1", "a2", False),
        ("a1", "c1", True),
        ("a1", "b1 c1", False),
        ("a2", "c2", False),
    ],
    ids=lambda value: str(value) or "nothing",
)
def test_turn_comes_from_what_is_under_way_unless_all_between_them_came(begun: str, fired: str, comes: bool) -> None:
    """Of `c`, in a round before the third."""
    assert may_still_come(PLAN, NodeId("c"), 3, turns(begun), set(turns(fired))) is comes


def test_way_out_of_the_loop_is_no_way_to_a_turn() -> None:
    assert not may_still_come(PLAN, NodeId("o"), 3, turns("a1 b1 c1"), ())


def turns(text: str) -> list[Turn]:
    return [(NodeId(word[0]), int(word[1:])) for word in text.split()]
