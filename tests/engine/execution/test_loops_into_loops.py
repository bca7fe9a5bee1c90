"""What is said of loops before a run, and what becomes of it: one value may enter each loop."""

import asyncio
import os
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.problems import Severity
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.engine.loop_graphs import loops_in_a_row

EXAMPLES = int(os.environ.get("LOOP_EXAMPLES", "100"))
LOOPS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.lists(st.integers(0, 99), min_size=2, max_size=3, unique=True)


def run_of(document: Graph, seed: int) -> RunState:
    """The run in one order of finishing: each call takes a random number of turns of the loop."""
    chance = random.Random(seed)

    async def count(arguments: dict[str, Json]) -> Json:
        for _ in range(chance.randrange(8)):
            await asyncio.sleep(0)
        number = arguments["n"]
        return 1 + (sum(each for each in number if isinstance(each, int)) if isinstance(number, list) else int(str(number or 0)))

    return asyncio.run(Bench(document, tools=MemoryTools({"count": count})).finish(1))


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
