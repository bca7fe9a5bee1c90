"""A run goes on from its log: after any death, pause or answer, with the same outcome, doing nothing twice."""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.engine.execution.outcomes import require_same_outcome
from tests.engine.execution.rough_world import (
    RoughEvaluator,
    WatchedLog,
    answer_all,
    bench,
    lore,
    nothing_is_cheap,
    require_sound_memory,
    stretch,
    through_absences,
    through_deaths,
    to_the_end,
    tools_of,
)
from tests.engine.idle_time import run
from tests.engine.random_graphs import executable_graphs, failing_items

EXAMPLES = int(os.environ.get("CRASH_EXAMPLES", "25"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def unsafe_calls_made_twice(rig: Bench) -> set[str]:
    """The keys of unsafe calls that were really made more than once."""
    effects = fold(rig.log.events).effects.values()
    unsafe = {effect.idempotency_key for effect in effects if effect.safety == "unsafe"}
    return {key for key, times in tools_of(rig).acted.items() if times > 1 and key in unsafe}


@QUICK
@given(executable_graphs(), st.integers(0, 99), st.integers(100, 199))
def test_outcome_is_the_same_whatever_the_order_of_finishing(graph: Graph, one: int, other: int) -> None:
    first = run(to_the_end(bench(graph, one)))
    assert first.status is RunStatus.SUCCEEDED, first.error
    require_same_outcome(first, run(to_the_end(bench(graph, other))))


@QUICK
@given(failing_items(), st.integers(0, 99), st.integers(100, 199), st.lists(st.integers(1, 30), max_size=2))
def test_items_that_fail_in_several_places_fail_in_every_order(graph: Graph, one: int, other: int, deaths: list[int]) -> None:
    first = run(to_the_end(bench(graph, one)))
    require_same_outcome(first, run(to_the_end(bench(graph, other))))
    rig, state = run(through_deaths(graph, other, deaths))
    require_same_outcome(first, state)
    assert not unsafe_calls_made_twice(rig)


@QUICK
@given(executable_graphs(), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_deaths_at_any_events_change_nothing(graph: Graph, deaths: list[int]) -> None:
    async def both() -> None:
        whole = bench(graph, 3)
        expected = await to_the_end(whole)
        rig, state = await through_deaths(graph, 4, deaths)
        require_same_outcome(state, expected)
        assert not unsafe_calls_made_twice(rig)
        require_sound_memory(rig)
        assert rig.memory.kept.keys() == whole.memory.kept.keys()

    run(both())


@settings(QUICK, max_examples=max(EXAMPLES // 4, 1))
@given(executable_graphs(largest=3))
def test_death_after_each_single_event_changes_nothing(graph: Graph) -> None:
    async def every_point() -> None:
        whole = bench(graph, 3)
        expected = await to_the_end(whole)
        for point in range(1, len(whole.log.events)):
            rig, state = await through_deaths(graph, 3, [point])
            require_same_outcome(state, expected)
            assert not unsafe_calls_made_twice(rig)
            require_sound_memory(rig)
            assert rig.memory.kept.keys() == whole.memory.kept.keys(), point

    run(every_point())


@QUICK
@given(executable_graphs())
def test_replay_of_a_finished_log_performs_nothing_and_gives_the_same(graph: Graph) -> None:
    rig = bench(graph, 1)
    state = run(to_the_end(rig))
    replayed = bench(graph, 2, WatchedLog(rig.log.events[:-1]))
    again = run(to_the_end(replayed))
    assert not tools_of(replayed).acted and replayed.model.requests == []
    assert replayed.memory.recalls == [] and replayed.memory.kept == lore(), "no embedder is asked again, nothing is kept again"
    require_same_outcome(again, state)


@QUICK
@given(executable_graphs(), st.lists(st.tuples(st.integers(3, 60), st.sampled_from(["pause", "pause and back", "answer"])), max_size=4))
def test_pauses_and_answers_at_any_moment_change_nothing(graph: Graph, commands: list[tuple[int, str]]) -> None:
    async def both() -> None:
        expected = await to_the_end(bench(graph, 3))
        rig = bench(graph, 4)
        require_same_outcome(await commanded(rig, commands), expected)
        assert not unsafe_calls_made_twice(rig)

    run(both())


MOMENTS = st.sets(st.integers(1, 25), max_size=5)


@QUICK
@given(executable_graphs(), MOMENTS)
def test_absences_of_what_evaluates_change_nothing(graph: Graph, away: set[int]) -> None:
    async def both() -> None:
        expected = await to_the_end(bench(graph, 3))
        rig = bench(graph, 4)
        rig.evaluator = RoughEvaluator(away=away)
        with nothing_is_cheap():
            state = await through_absences(rig)
        require_same_outcome(state, expected)
        assert not unsafe_calls_made_twice(rig)

    run(both())


@QUICK
@given(executable_graphs(unhandled=True), MOMENTS, MOMENTS)
def test_evaluations_that_are_stopped_end_the_run_or_are_handled(graph: Graph, stops: set[int], away: set[int]) -> None:
    async def once() -> None:
        rig = bench(graph, 5)
        rig.evaluator = RoughEvaluator(away=away, stops=stops)
        with nothing_is_cheap():
            state = await through_absences(rig)
        assert state.status.terminal and not state.open_steps and not state.open_effects
        assert state.error is None or state.error.code is not ErrorCode.INTERNAL, state.error
        assert not unsafe_calls_made_twice(rig)

    run(once())


@QUICK
@given(
    executable_graphs(unhandled=True),
    st.lists(st.tuples(st.integers(3, 60), st.sampled_from(["pause", "answer", "cancel", "revoke"])), max_size=4),
    st.lists(st.integers(1, 30), max_size=2),
)
def test_whatever_happens_a_run_ends_and_pays_nothing_twice(graph: Graph, commands: list[tuple[int, str]], deaths: list[int]) -> None:
    async def once() -> None:
        rig, _ = await through_deaths(graph, 5, deaths)
        assert not unsafe_calls_made_twice(rig)
        require_sound_memory(rig)
        rig = bench(graph, 6)
        state = await commanded(rig, commands)
        assert state.status.terminal and not state.open_steps and not state.open_effects
        assert not unsafe_calls_made_twice(rig)
        require_sound_memory(rig)

    run(once())


async def commanded(rig: Bench, commands: list[tuple[int, str]]) -> RunState:
    """Run to the end, with commands given at the moments at which the log has so many events."""
    acts: dict[str, Callable[[Runner], None]] = {
        "pause": lambda runner: runner.pause("ann"),
        "pause and back": lambda runner: (runner.pause("ann"), runner.unpause("ann"))[0],
        "answer": answer_all,
        "cancel": lambda runner: runner.cancel("ann", ""),
        "revoke": lambda _runner: rig.authority.verdicts.update(note=Verdict.DENY, pay=Verdict.DENY),
    }

    def prepare(runner: Runner) -> None:
        def act(name: str) -> Callable[[], None]:
            return lambda: None if runner.state.status is not RunStatus.RUNNING else acts[name](runner)

        rig.log._at.update({moment: act(name) for moment, name in commands if moment > len(rig.log.events)})  # type: ignore[attr-defined]

    state = await stretch(rig, prepare)
    while not state.status.terminal:
        state = await stretch(rig, lambda runner: (prepare(runner), runner.unpause("ann"), answer_all(runner))[0])
    return state
