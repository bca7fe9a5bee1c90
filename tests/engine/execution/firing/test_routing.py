"""Which edges carry a value when a node has ended."""

from typing import Any

import pytest

from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.errors import EndsRun, ErrorCode, ExpressionFailed, RunLimitReached
from orchestrator.engine.execution.firing.plan import compile_plan
from orchestrator.engine.execution.firing.routing import conditional_edges, open_edges
from orchestrator.engine.ids import EdgeId, Json, NodeId, PortName
from tests.engine.in_place import is_open
from tests.graphs import edge, graph, node

ROUTES = {"routes": [{"name": "a"}, {"name": "b"}]}


def taken(
    edges: list[dict[str, Any]], value: Json = 5, ports: tuple[str, ...] = ("out",), times: dict[str, int] | None = None
) -> list[str]:
    """The edges that node `n` takes when it yields `value` at these ports; `times` says how often edges were taken before."""
    nodes = [node("n", "transform"), node("x", "transform"), node("y", "transform"), node("z", "transform")]
    entry = compile_plan(graph(nodes, edges)).nodes[NodeId("n")]
    outputs: dict[PortName, Json] = {PortName(port): value for port in ports}

    closed = {
        line.id
        for line, condition in conditional_edges(entry, outputs)
        if not is_open(condition, Variables({"output": outputs[line.source_port]}))
    }

    def times_taken(line: EdgeId) -> int:
        return (times or {}).get(line, 0)

    return list(open_edges(entry, outputs, closed, times_taken))


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([], []),
        ([edge("n", "x"), edge("n", "y")], ["n-x", "n-y"]),
        ([edge("n", "x", condition="output > 3"), edge("n", "y", condition="output > 9")], ["n-x"]),
        ([edge("n", "x", condition="output > 9"), edge("n", "y", otherwise=True)], ["n-y"]),
        ([edge("n", "x", condition="output > 3"), edge("n", "y", otherwise=True)], ["n-x"]),
        ([edge("n", "y", otherwise=True), edge("n", "x", condition="output > 3")], ["n-x"]),
        ([edge("n", "x"), edge("n", "y", otherwise=True)], ["n-x"]),
        ([edge("n", "x", condition="false"), edge("n", "y", condition="false")], []),
        ([edge("n", "x", otherwise=True), edge("n", "y", otherwise=True)], ["n-x", "n-y"]),
    ],
)
def test_edges_without_a_condition_or_with_one_that_holds_are_taken_and_otherwise_when_no_other_is(
    edges: list[dict[str, Any]], expected: list[str]
) -> None:
    assert taken(edges) == expected


def test_otherwise_is_asked_for_each_port_by_itself() -> None:
    edges = [edge("n.a", "x", condition="false"), edge("n.a", "y", otherwise=True), edge("n.b", "z"), edge("n.b", "x", otherwise=True)]
    assert taken(edges, ports=("a", "b")) == ["n.b-z", "n.a-y"]
    assert taken(edges, ports=("b",)) == ["n.b-z"], "nothing leaves by a port that carries nothing"


def test_loop_is_taken_so_often_and_then_the_way_on() -> None:
    edges = [edge("n", "n", max_iterations=2), edge("n", "x", otherwise=True)]
    assert [taken(edges, times={"n-n": times}) for times in (0, 1, 2, 3)] == [["n-n"], ["n-n"], ["n-x"], ["n-x"]]


@pytest.mark.parametrize("others", [[], [edge("n", "x", condition="false")]])
def test_loop_that_is_used_up_with_no_way_on_ends_the_run(others: list[dict[str, Any]]) -> None:
    with pytest.raises(RunLimitReached) as caught:
        taken([edge("n", "n", max_iterations=2), *others], times={"n-n": 2})
    info = caught.value.info
    assert isinstance(caught.value, EndsRun) and info.code is ErrorCode.LIMIT_EXCEEDED
    assert info.message == "The loop along edge 'n-n' was taken 2 times and nothing else leads on"
    assert info.cure == "Let an `otherwise` edge lead on when the loop is used up, or raise its max_iterations."


def test_loop_that_is_used_up_is_no_fault_where_another_edge_leads_on_or_its_condition_does_not_hold() -> None:
    assert taken([edge("n", "n", max_iterations=2), edge("n", "x")], times={"n-n": 2}) == ["n-x"]
    assert taken([edge("n", "n", max_iterations=2, condition="false")], times={"n-n": 2}) == []


def test_loop_that_is_the_way_otherwise_has_a_limit_too() -> None:
    edges = [edge("n", "n", otherwise=True, max_iterations=2), edge("n", "x", condition="output > 9")]
    assert [taken(edges, times={"n-n": times}) for times in (0, 1)] == [["n-n"], ["n-n"]]
    assert taken(edges, value=10, times={"n-n": 2}) == ["n-x"]
    with pytest.raises(RunLimitReached):
        taken(edges, times={"n-n": 2})
    beside = [edge("n", "x", otherwise=True), edges[0], edge("n", "y", otherwise=True)]
    assert [taken(beside, times={"n-n": times}) for times in (1, 2)] == [["n-x", "n-n", "n-y"], ["n-x", "n-y"]]


def test_way_on_by_another_port_does_not_lead_on_from_a_loop() -> None:
    edges = [edge("n.a", "n", max_iterations=2), edge("n.b", "x")]
    with pytest.raises(RunLimitReached):
        taken(edges, ports=("a", "b"), times={"n.a-n": 2})


@pytest.mark.parametrize("condition", ["output.missing > 1", "output", "ghost"])
def test_condition_that_cannot_be_told_is_no_answer(condition: str) -> None:
    with pytest.raises(ExpressionFailed):
        taken([edge("n", "x", condition=condition), edge("n", "y", otherwise=True)])
