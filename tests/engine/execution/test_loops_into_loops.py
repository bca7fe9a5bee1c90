"""What is said of loops before a run, and what becomes of it: one value may enter each loop."""

import asyncio
import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import FiringRule, Graph
from orchestrator.engine.document.node_kind import OUT
from orchestrator.engine.document.problems import Severity
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.execution.firing.plan import Plan, compile_plan
from orchestrator.engine.execution.firing.schedule import Schedule
from orchestrator.engine.ids import ROOT, Json, NodeId
from orchestrator.engine.log.events import RunEvent
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.engine.execution.outcomes import require_same_outcome
from tests.engine.idle_time import run
from tests.engine.loop_graphs import loops_in_a_row
from tests.graphs import edge, graph, node, path

EXAMPLES = int(os.environ.get("LOOP_EXAMPLES", "100"))
LOOPS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.lists(st.integers(0, 99), min_size=2, max_size=3, unique=True)


def run_of(document: Graph, seed: int) -> RunState:
    """The run in one order of finishing: a call takes no time, or longer than a whole round of others."""
    chance = random.Random(seed)

    async def count(arguments: dict[str, Json]) -> Json:
        for _ in range(chance.choice((0, 0, 3, 40))):
            await asyncio.sleep(0)
        number = arguments["n"]
        return 1 + (sum(each for each in number if isinstance(each, int)) if isinstance(number, list) else int(str(number or 0)))

    return run(Bench(document, tools=MemoryTools({"count": count})).finish(1))


def taken(state: RunState) -> set[str]:
    return {edge for scope in state.scopes.values() for acts in scope.activations.values() for act in acts.values() for edge in act.edges}


@LOOPS
@given(loops_in_a_row(), SEEDS)
def test_run_of_a_graph_without_problems_never_ends_because_of_the_graph(document: Graph, seeds: list[int]) -> None:
    if check_graph(document):
        return
    for seed in seeds:
        state = run_of(document, seed)
        assert state.error is None or state.error.code not in (ErrorCode.INVALID_GRAPH, ErrorCode.INTERNAL), state.error


@LOOPS
@given(loops_in_a_row(), SEEDS)
def test_graph_whose_loops_went_round_and_whose_run_succeeded_has_no_errors(document: Graph, seeds: list[int]) -> None:
    errors = [problem for problem in check_graph(document) if problem.severity is Severity.ERROR]
    loops = {line.id for line in document.edges if line.max_iterations is not None}
    for seed in seeds:
        state = run_of(document, seed)
        if state.status is RunStatus.SUCCEEDED and loops <= taken(state):
            assert errors == []


@LOOPS
@given(loops_in_a_row(orderly=True), st.lists(st.integers(0, 99), min_size=5, max_size=5, unique=True))
def test_outcome_is_the_same_in_every_order_though_rounds_overlap(document: Graph, seeds: list[int]) -> None:
    if any(problem.severity is Severity.ERROR for problem in check_graph(document)):
        return
    first, *others = [run_of(document, seed) for seed in seeds]
    for other in others:
        assert (first.status is RunStatus.SUCCEEDED) == (other.status is RunStatus.SUCCEEDED)
        if first.status is RunStatus.SUCCEEDED:  # else, what ended the run first, and how far it had come, depends on the order
            require_same_outcome(first, other)


def plan_with(plan: Plan, name: NodeId) -> Plan:
    return plan if name in plan.nodes else next(body for body in plan.all_bodies().values() if name in body.nodes)


def require_all_used(document: Graph, state: RunState) -> None:
    """Each value that was sent on inside a loop was there when the node that waits for all began that round."""
    whole, edges = compile_plan(document), {line.id: line for line in document.edges}
    for scope in state.scopes.values():
        for name, activations in scope.activations.items():
            plan = plan_with(whole, name)
            for number, act in activations.items():
                for line in (edges[each] for each in act.edges if each in plan.inside):
                    if plan.nodes[line.target].node.firing.rule is FiringRule.ALL:
                        used = scope.activations[line.target][number + (line.id in plan.back)]
                        assert used.started_seq > act.finished_seq, f"what {line.id} carried in round {number} was lost"


@LOOPS
@given(loops_in_a_row(), SEEDS)
def test_run_that_succeeded_has_used_every_value(document: Graph, seeds: list[int]) -> None:
    for seed in seeds:
        state = run_of(document, seed)
        if state.status is RunStatus.SUCCEEDED:
            require_all_used(document, state)


@pytest.mark.parametrize("passing", ["output == 3", "output == 4", "output == 5"])
def test_value_that_alone_of_several_comes_to_a_loop_enters_it(passing: str) -> None:
    """The loop around `a` sends 2, 3 and 4 to `x`, which passes one of them on, whichever it is."""
    count = {"tool": "count", "arguments": {"n": "{{ input }}"}}
    nodes = [node("start", "input"), *(node(name, "tool", count) for name in "axb"), node("end", "output")]
    edges = [*path("start", "a", "x"), edge("a", "a", condition="output < 4", max_iterations=9), edge("x", "b", condition=passing)]
    edges += [edge("b", "b", condition="output < 9", max_iterations=9), edge("b", "end", otherwise=True)]
    document = graph(nodes, edges)
    assert "warning" in {str(problem.severity) for problem in check_graph(document)}
    for seed in range(10):
        state = run_of(document, seed)
        assert (state.status, state.output) == (RunStatus.SUCCEEDED, 9)
        assert len(state.scopes[ROOT].activations[NodeId("x")]) == 3


def inner_loop_left(firing: str, **leaving: Any) -> tuple[Graph, list[str]]:
    """An outer loop `o i t` around an inner one of `i` alone, and the problems that are found."""
    count = {"tool": "count", "arguments": {"n": "{{ input }}"}}
    nodes = [node("start", "input"), *(node(name, "tool", count, firing={"rule": firing}) for name in "oit"), node("end", "output")]
    edges = [*path("start", "o", "i"), edge("i", "i", condition="output < 4", max_iterations=9), edge("i", "t", **leaving)]
    edges += [edge("t", "o", condition="output < 9", max_iterations=9), edge("t", "end", otherwise=True)]
    document = graph(nodes, edges)
    return document, [f"{problem.severity}: {problem.edge} {problem.code}" for problem in check_graph(document)]


@pytest.mark.parametrize(("firing", "ends"), [("all", RunStatus.FAILED), ("any", RunStatus.SUCCEEDED)])
def test_second_value_for_a_round_is_foreseen_and_ends_the_run_where_all_are_used(firing: str, ends: RunStatus) -> None:
    document, problems = inner_loop_left(firing)
    assert "warning: i-t loop_entered_again" in problems
    states = [run_of(document, seed) for seed in range(20)]
    assert {state.status for state in states} == {ends}
    if ends is RunStatus.FAILED:
        errors = [state.error for state in states if state.error is not None]
        assert {error.code for error in errors} == {ErrorCode.INVALID_GRAPH}
        assert all("a value for round " in error.message and "put the loop into a map" in error.cure for error in errors)


def test_inner_loop_that_is_left_in_its_last_round_only_may_be_entered_in_each_round_of_the_outer_one() -> None:
    document, problems = inner_loop_left("all", otherwise=True)
    state = run_of(document, 1)
    assert problems == [] and state.status is RunStatus.SUCCEEDED
    require_all_used(document, state)


async def slow_at_first(arguments: dict[str, Json]) -> Json:
    """The side branch of the first round comes last."""
    if arguments["side"] and arguments["n"] == 1:
        for _ in range(60):
            await asyncio.sleep(0)
    return arguments["n"]


def overlapping() -> Bench:
    """Three rounds of `h` and `t`; each sends its number out by the side branch `s`, the first of them late."""

    def counting(name: str, expression: str) -> dict[str, Any]:
        return node(name, "tool", {"tool": "count", "arguments": {"n": expression, "side": name == "s"}})

    nodes = [node("start", "input"), counting("h", "{{ input }}"), node("t", "transform", {"expression": "input + 1"})]
    nodes += [counting("s", "{{ input }}"), node("end", "output")]
    edges = [*path("start", "h", "t"), edge("t", "h", condition="output < 4", max_iterations=9), *path("h", "s", "end")]
    document = graph(nodes, [*edges, edge("s", "t", condition="false", max_iterations=9)])
    return Bench(document, tools=MemoryTools({"count": slow_at_first}))


def delivered(state: RunState) -> dict[int, Json]:
    return {number: act.outputs[OUT.name] for number, act in state.scopes[ROOT].activations[NodeId("end")].items()}


async def gone_on(log: list[RunEvent]) -> RunState:
    rig = overlapping()
    rig.log.events = log
    return await rig.finish(1)


@pytest.mark.parametrize("by_arrival", [False, True], ids=["this build", "earlier build"])
async def test_run_whose_rounds_overlap_goes_on_from_any_place_in_its_log(by_arrival: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier build counted what left a loop by its arrival: what it had begun goes on, and nothing is lost or comes twice."""
    whole = overlapping()
    with monkeypatch.context() as patch:
        if by_arrival:
            patch.setattr(Schedule, "_must_wait", lambda *_: False)
        written = delivered(await whole.finish(1))
    in_order = {1: 1, 2: 2, 3: 3}
    assert (written == in_order) is not by_arrival and sorted(written) == [1, 2, 3]
    for length in range(1, len(whole.log.events)):
        state = await gone_on(whole.log.events[:length])
        assert state.status is RunStatus.SUCCEEDED
        assert sorted(delivered(state).values(), key=str) == [1, 2, 3]
        assert by_arrival or delivered(state) == in_order
    assert delivered(await gone_on(whole.log.events[:-1])) == written
