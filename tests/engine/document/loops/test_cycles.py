"""Cycles of a graph: which nodes can reach each other, whatever the graph looks like."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.loops.cycles import strongly_connected
from orchestrator.engine.ids import NodeId

Following = dict[NodeId, list[NodeId]]


@st.composite
def followings(draw: st.DrawFn) -> Following:
    names = [NodeId(letter) for letter in "abcdefg"[: draw(st.integers(0, 7))]]
    return {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}


def reach(following: Following, start: NodeId) -> set[NodeId]:
    """All that can be reached from `start`, itself included, found the slow way."""
    found, open_names = {start}, [start]
    while open_names:
        fresh = set(following[open_names.pop()]) - found
        found |= fresh
        open_names += fresh
    return found


@given(followings())
def test_two_nodes_are_in_one_component_when_each_reaches_the_other(following: Following) -> None:
    components = strongly_connected(following)
    assert sorted(name for component in components for name in component) == sorted(following), "each node is in one component"
    for component in components:
        for name in component:
            mutual = {other for other in reach(following, name) if name in reach(following, other)}
            assert mutual == set(component)


@given(followings())
def test_what_is_reached_comes_before_what_reaches_it(following: Following) -> None:
    place = {name: index for index, component in enumerate(strongly_connected(following)) for name in component}
    assert all(place[target] <= place[source] for source, targets in following.items() for target in targets)


def test_a_line_of_a_hundred_thousand_nodes_needs_no_recursion() -> None:
    names = [NodeId(f"n{index}") for index in range(100_000)]
    following: Following = {name: [after] for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    assert len(strongly_connected(following)) == 1
    following[names[-1]] = []
    assert strongly_connected(following) == [[name] for name in reversed(names)]
