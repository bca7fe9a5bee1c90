"""When a node fires: as often as its rule says, at the moment its rule says, whatever the order of arrivals."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.execution.firing.plan import compile_plan
from orchestrator.engine.execution.firing.schedule import Fire, Move, Schedule, Skip
from orchestrator.engine.ids import EdgeId, Json, NodeId, PortName
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import NodeStatus
from tests.graphs import edge, graph, node, path


class Course:
    """A schedule and what has been fed to it. A node yields its own name and activation."""

    def __init__(self, document: Graph) -> None:
        self.scope = ScopeState()
        self.plan = compile_plan(document)
        self.schedule = Schedule(self.plan, self.scope)
        self.moves = self.schedule.start()

    def end(self, name: str, number: int = 1, edges: set[str] | None = None) -> list[Move]:
        """Let an activation end; it takes all its edges, or those that are named."""
        entry = self.plan.nodes[NodeId(name)]
        taken = tuple(one.id for one in entry.outgoing if edges is None or one.id in edges)
        outputs: dict[PortName, Json] = {PortName("out"): f"{name}{number}"}
        ended = Activation(NodeStatus.SUCCEEDED, outputs=outputs, edges=taken)
        self.scope.activations.setdefault(NodeId(name), {})[number] = ended
        moves = self.schedule.ended(NodeId(name), number, taken)
        self.moves += moves
        return moves

    def of(self, name: str) -> list[Move]:
        return [move for move in self.moves if move.node == name]


def meeting(sources: int, **rest: Any) -> Graph:
    """So many nodes lead to one; they begin with the run."""
    names = [f"s{index}" for index in range(sources)]
    nodes = [*(node(name, "input") for name in names), node("meet", "transform", **rest)]
    return graph(nodes, [edge(name, "meet") for name in names])


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[str, bool]]:
    """Sources in the order in which they end, each with whether its edge is taken."""
    names = [f"s{index}" for index in range(draw(st.integers(1, 5)))]
    return [(name, draw(st.booleans())) for name in draw(st.permutations(names))]


def sent(course: Course, ends: list[tuple[str, bool]]) -> list[list[Move]]:
    """What each end makes due at the meeting."""
    return [[move for move in course.end(name, edges=None if taken else set()) if move.node == "meet"] for name, taken in ends]


@given(arrivals())
def test_all_fires_once_when_the_last_edge_is_resolved_and_any_of_them_carried(ends: list[tuple[str, bool]]) -> None:
    made = sent(Course(meeting(len(ends))), ends)
    assert made[:-1] == [[]] * (len(ends) - 1)
    [move] = made[-1]
    carried = sorted(name for name, taken in ends if taken)
    if not carried:
        assert move == Skip(NodeId("meet"), 1)
    else:
        values: Json = [f"{name}1" for name in carried] if len(ends) > 1 else f"{carried[0]}1"
        assert move == Fire(NodeId("meet"), 1, {PortName("in"): values})


@given(arrivals())
def test_any_fires_once_at_the_first_value_and_is_skipped_when_none_can_come(ends: list[tuple[str, bool]]) -> None:
    course = Course(meeting(len(ends), firing={"rule": "any", "count": 2}))  # a count that another rule left behind
    made = sent(course, ends)
    first = next((index for index, (_name, taken) in enumerate(ends) if taken), None)
    if first is None:
        assert course.of("meet") == [Skip(NodeId("meet"), 1)] == made[-1]
    else:
        assert course.of("meet") == [Fire(NodeId("meet"), 1, {PortName("in"): f"{ends[first][0]}1"})] == made[first]


@given(arrivals(), st.data())
def test_n_of_fires_once_at_the_nth_value_and_is_skipped_when_too_few_can_come(ends: list[tuple[str, bool]], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(ends)))
    course = Course(meeting(len(ends), firing={"rule": "n_of", "count": count}))
    made = sent(course, ends)
    carrying = [index for index, (_name, taken) in enumerate(ends) if taken]
    if len(carrying) < count:
        assert course.of("meet") == [Skip(NodeId("meet"), 1)] == made[-1]
    else:
        arrived = sorted(ends[index][0] for index in carrying[:count])
        values: Json = [f"{name}1" for name in arrived] if len(ends) > 1 else f"{arrived[0]}1"
        assert course.of("meet") == [Fire(NodeId("meet"), 1, {PortName("in"): values})] == made[carrying[count - 1]]


@given(arrivals(), st.sampled_from([{"rule": "all"}, {"rule": "any"}, {"rule": "n_of", "count": 2}]), st.integers(0, 5))
def test_schedule_that_is_taken_up_again_goes_on_where_it_stopped(ends: list[tuple[str, bool]], firing: dict[str, Any], cut: int) -> None:
    """The moves that were made before and the moves that are due after are together those of one course."""
    if firing.get("count", 1) > len(ends):
        return
    whole = Course(meeting(len(ends), firing=firing))
    sent(whole, ends)
    course = Course(meeting(len(ends), firing=firing))
    sent(course, ends[:cut])
    for seq, (name, _taken) in enumerate(ends[:cut], start=1):
        course.scope.activations[NodeId(name)][1].finished_seq = seq
    again = Schedule(course.plan, course.scope)
    resumed = again.resume()
    known = [move for move in course.moves if move.node in course.scope.activations]
    assert sorted(map(repr, [*known, *resumed])) == sorted(map(repr, course.moves))


def test_nodes_that_nothing_leads_to_begin_with_the_run_in_document_order() -> None:
    course = Course(graph([node("b", "input"), node("a", "input"), node("c", "transform")], [edge("a", "c")]))
    assert course.moves == [Fire(NodeId("b"), 1, {}), Fire(NodeId("a"), 1, {})]


def test_what_follows_a_node_that_was_passed_by_is_skipped_all_the_way() -> None:
    document = graph([node("s", "input"), *(node(name, "transform") for name in "abc"), node("o", "transform")], path("s", "a", "b", "c"))
    course = Course(document.model_copy(update={"edges": (*document.edges, *graph([], [edge("s", "o")]).edges)}))
    assert course.end("s", edges={"s-o"}) == [Fire(NodeId("o"), 1, {PortName("in"): "s1"}), *(Skip(NodeId(name), 1) for name in "abc")]


def test_round_of_a_loop_has_the_next_number_and_what_leaves_it_begins_at_one() -> None:
    document = graph(
        [node("s", "input"), node("n", "transform"), node("o", "transform")],
        [edge("s", "n"), edge("n", "n", max_iterations=5), edge("n", "o", otherwise=True)],
    )
    course = Course(document)
    assert course.end("s") == [Fire(NodeId("n"), 1, {PortName("in"): "s1"})]
    assert course.end("n", 1, {"n-n"}) == [Fire(NodeId("n"), 2, {PortName("in"): "n1"})]
    assert course.end("n", 2, {"n-n"}) == [Fire(NodeId("n"), 3, {PortName("in"): "n2"})]
    assert [course.schedule.times_taken(EdgeId("n-n"), number) for number in (1, 2, 3, 9)] == [0, 1, 2, 2]
    assert course.end("n", 3, {"n-o"}) == [Fire(NodeId("o"), 1, {PortName("in"): "n3"})]


def test_loop_that_was_never_entered_is_skipped_and_so_is_what_follows_it() -> None:
    document = graph(
        [node("s", "input"), node("n", "transform"), node("o", "transform")],
        [edge("s", "n"), edge("n", "n", max_iterations=5), edge("n", "o", otherwise=True)],
    )
    assert Course(document).end("s", edges=set()) == [Skip(NodeId("n"), 1), Skip(NodeId("o"), 1)]


def test_loop_that_ends_without_leaving_skips_what_follows() -> None:
    document = graph(
        [node("s", "input"), node("n", "transform"), node("o", "transform")],
        [edge("s", "n"), edge("n", "n", max_iterations=5), edge("n", "o", condition="false")],
    )
    course = Course(document)
    course.end("s")
    course.end("n", 1, {"n-n"})
    assert course.end("n", 2, set()) == [Skip(NodeId("o"), 1)]


@pytest.mark.parametrize(("edges", "result"), [({"a-m.result"}, ["a1"]), ({"a-m.result", "b-m.result"}, ["a1", "b1"]), (set(), [])])
def test_several_results_of_a_body_are_a_list_in_edge_order(edges: set[str], result: list[str]) -> None:
    document = graph(
        [node("m", "map"), node("a", "transform", parent="m"), node("b", "transform", parent="m")],
        [edge("m.item", "b"), edge("m.item", "a"), edge("a", "m.result"), edge("b", "m.result")],
    )
    course = Course(document)
    course.plan = course.plan.bodies[NodeId("m")]
    course.scope = ScopeState(seed="item")
    course.schedule = Schedule(course.plan, course.scope)
    assert course.schedule.start() == [Fire(NodeId("b"), 1, {PortName("in"): "item"}), Fire(NodeId("a"), 1, {PortName("in"): "item"})]
    for name in "ba":
        course.end(name, edges=edges)
    assert course.schedule.result() == result


def test_one_result_of_a_body_is_that_value_and_none_is_null() -> None:
    document = graph([node("m", "map"), node("a", "transform", parent="m")], [edge("m.item", "a"), edge("a", "m.result")])
    plan = compile_plan(document).bodies[NodeId("m")]
    for edges, result in ((None, "a1"), (set[str](), None)):
        course = Course(document)
        course.plan, course.scope = plan, ScopeState(seed=1)
        course.schedule = Schedule(plan, course.scope)
        course.schedule.start()
        course.end("a", edges=edges)
        assert course.schedule.result() == result


def side_branch(*more: dict[str, Any], **waits: Any) -> Graph:
    """The loop `a`, `b` goes on without its side branch `c`, which may lead back and sends something out each round."""
    nodes = [node("s", "input"), *(node(name, "transform") for name in "abc"), node("o", "transform", **waits)]
    edges = [*path("s", "a", "b"), edge("b", "a", max_iterations=5), edge("a", "c"), edge("c", "b", max_iterations=5), edge("c", "o")]
    return graph(nodes, [*edges, *more])


def with_rounds(count: int, document: Graph) -> Course:
    """The course after so many rounds, of whose side branches none has ended."""
    course = Course(document)
    course.end("s")
    for number in range(1, count + 1):
        course.end("a", number, {"a-b", "a-c"})
        course.end("b", number, {"b-a"} if number < count else set())
    return course


@given(st.permutations([1, 2, 3]), st.sets(st.integers(1, 3)))
def test_what_leaves_a_loop_is_counted_by_its_rounds_whichever_of_them_ends_first(order: list[int], silent: set[int]) -> None:
    course = with_rounds(3, side_branch())
    for number in order:
        course.end("c", number, set() if number in silent else {"c-o"})
    sent = [number for number in (1, 2, 3) if number not in silent]
    inputs = [{PortName("in"): f"c{number}"} for number in sent]
    if sent:
        assert course.of("o") == [Fire(NodeId("o"), place, value) for place, value in enumerate(inputs, start=1)]
    else:
        assert course.of("o") == [Skip(NodeId("o"), 1)]


def test_what_leaves_in_a_later_round_goes_on_as_soon_as_no_earlier_one_can_come() -> None:
    course = with_rounds(3, side_branch())
    assert course.end("c", 2, {"c-o"}) == []
    assert course.end("c", 1, {"c-o"}) == [Fire(NodeId("o"), number, {PortName("in"): f"c{number}"}) for number in (1, 2)]
    assert course.end("c", 3, {"c-o"})[:1] == [Fire(NodeId("o"), 3, {PortName("in"): "c3"})]


def entered_twice() -> Graph:
    """The loop `a`, `b` is entered by `s`; its side branch `c` by `t` as well. Both `a` and `c` fire at the first value."""
    first = {"rule": "any"}
    nodes = [*(node(name, "input") for name in "st"), *(node(name, "transform", firing=first) for name in "abco")]
    back = [edge("b", "a", max_iterations=5), edge("c", "a", max_iterations=5)]
    return graph(nodes, [*path("s", "a", "b"), edge("t", "c"), edge("a", "c"), *back, edge("c", "o")])


@pytest.mark.parametrize("comes", [True, False])
def test_what_leaves_in_a_later_round_waits_while_the_first_may_still_be_entered(comes: bool) -> None:
    course = Course(entered_twice())
    course.end("s")
    course.end("a", 1, {"a-b"})
    course.end("b", 1, {"b-a"})
    assert Fire(NodeId("c"), 2, {PortName("in"): "a2"}) in course.end("a", 2, {"a-c"})
    assert course.end("c", 2, {"c-o"}) == [], "the first round of c may still come, from t"
    moves = course.end("t", edges={"t-c"} if comes else set())
    if comes:
        assert moves == [Fire(NodeId("c"), 1, {PortName("in"): "t1"})]
        moves = course.end("c", 1, {"c-o"})
    sent = ["c1", "c2"] if comes else ["c2"]
    assert [move for move in moves if move.node == "o"] == [
        Fire(NodeId("o"), place, {PortName("in"): value}) for place, value in enumerate(sent, start=1)
    ]


@pytest.mark.parametrize(("taken", "values"), [({"a-h", "b-h"}, ["a1", "b1"]), ({"a-h"}, ["a1"]), ({"b-h"}, ["b1"])])
def test_next_round_begins_when_all_that_lead_back_are_resolved(taken: set[str], values: list[Json]) -> None:
    back = [edge("a", "h", max_iterations=5), edge("b", "h", max_iterations=5)]
    nodes = [node("s", "input"), *(node(name, "transform") for name in "hab")]
    course = Course(graph(nodes, [edge("s", "h"), edge("h", "a"), edge("h", "b"), *back]))
    course.end("s")
    course.end("h")
    assert course.end("a", edges=taken) == []
    assert course.end("b", edges=taken) == [Fire(NodeId("h"), 2, {PortName("in"): values})]


@pytest.mark.parametrize("order", ["sabo", "abos"])
def test_loop_that_nothing_leads_to_holds_nothing_up(order: str) -> None:
    nodes = [node(name, "input" if name == "s" else "transform") for name in order]
    course = Course(graph(nodes, [edge("a", "b"), edge("b", "a", max_iterations=5), edge("b", "o"), edge("s", "o")]))
    assert [course.of(name) for name in "sabo"] == [[Fire(NodeId("s"), 1, {})], *([Skip(NodeId(name), 1)] for name in "ab"), []]
    assert course.end("s") == [Fire(NodeId("o"), 1, {PortName("in"): ["s1"]})]


def after_rounds(rounds: list[set[str]], *more: dict[str, Any], **firing: Any) -> Course:
    """`x` comes after a loop and has ended so often; in each round it took the edges that are named."""
    nodes = [node("s", "input"), *(node(name, "transform") for name in "nxpq"), node("m", "transform", **firing)]
    edges = [edge("s", "n"), edge("n", "n", max_iterations=9), edge("n", "x"), edge("x", "p"), edge("x", "q"), *more]
    course = Course(graph(nodes, edges))
    course.end("s")
    for number, taken in enumerate(rounds, start=1):
        course.end("n", number, {"n-x", "n-n"} if number < len(rounds) else {"n-x"})
        course.end("x", number, taken)
    return course


def test_values_of_one_round_meet_though_another_round_went_by_another_way() -> None:
    course = after_rounds([{"x-p", "x-q"}, {"x-q"}, {"x-p", "x-q"}], edge("q", "m"), edge("p", "m"))
    assert [move.activation for move in course.of("p")] == [1, 3]
    for name, number in (("p", 1), ("p", 3), ("q", 1), ("q", 2), ("q", 3)):
        course.end(name, number)
    met = {move.activation: move.inputs[PortName("in")] for move in course.of("m") if isinstance(move, Fire)}
    assert met == {1: ["q1", "p1"], 2: ["q2", "p1"], 3: ["q3", "p3"]}, "a way that brought nothing repeats what it brought last"


def test_first_value_of_a_round_is_not_one_of_the_round_before() -> None:
    course = after_rounds([{"x-p"}, {"x-q"}], edge("p", "m"), edge("q", "m"), firing={"rule": "any"})
    course.end("p", 1)
    course.end("q", 2)
    assert course.of("m") == [Fire(NodeId("m"), number, {PortName("in"): value}) for number, value in ((1, "p1"), (2, "q2"))]
