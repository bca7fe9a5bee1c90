"""The tree of thoughts on real puzzles of the Game of 24, as the paper (Yao et al. 2023) plays it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.log.events import Considered, Decision
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, ScriptedModel, says
from tests.engine.agents.planning.game_of_24 import Player, is_solution
from tests.engine.idle_time import run
from tests.graphs import one_agent

PUZZLES = ["4 9 10 13", "4 5 6 10", "1 2 4 7", "2 8 8 14", "4 4 6 8", "5 5 5 9", "1 4 8 8", "3 3 8 8", "1 5 5 5", "2 3 5 12"]
"""Among them the paper's own examples, and two that need fractions."""


def game(player: Any, limits: dict[str, Any] | None = None, **strategy: Any) -> Bench:
    asked = {"type": "tree_of_thoughts", "depth": 3, "breadth": 5, "thoughts": 8, "judgements": 3, "max_thoughts": 500, **strategy}
    agent = one_agent(strategy=asked, limits={"max_iterations": 2_000, **(limits or {})})
    return Bench(agent, model=ScriptedModel(answer=player))


def considered(rig: Bench) -> list[Considered]:
    return [event for event in rig.log.events if isinstance(event, Considered)]


async def solved(puzzle: str, rig: Bench) -> tuple[bool, RunState]:
    state = await rig.finish(puzzle)
    return isinstance(state.output, str) and is_solution(puzzle, state.output), state


@pytest.mark.parametrize("puzzle", PUZZLES)
async def test_breadth_first_solves_what_the_paper_solves(puzzle: str) -> None:
    """Three steps, the five best kept, each judged three times (section 4.1), by a player who sees three numbers ahead."""
    found, state = await solved(puzzle, game(Player(sees=3, most=36), thoughts=20))
    assert found, state.output


@pytest.mark.parametrize("puzzle", PUZZLES)
async def test_depth_first_goes_back_until_it_is_solved(puzzle: str) -> None:
    rig = game(Player(sees=2, most=36), search="depth_first", thoughts=20, breadth=20, judgements=1, max_thoughts=2_000)
    found, state = await solved(puzzle, rig)
    assert found, state.output
    assert any(not one.kept for one in considered(rig)), "no thought was dropped: it never had to judge"


async def test_more_breadth_solves_more() -> None:
    """As the paper's table 2: breadth 5 solves more than breadth 1."""

    async def share(breadth: int) -> int:
        return sum([(await solved(puzzle, game(Player(sees=2, most=8), breadth=breadth)))[0] for puzzle in PUZZLES])

    assert await share(1) < await share(5) <= await share(20)


async def test_the_procedure_of_the_paper_call_by_call() -> None:
    """One proposal for each kept thought, then each new thought judged three times, then one answer."""
    player = Player(most=4)
    rig = game(player, depth=2, breadth=2, thoughts=4)
    await rig.finish("4 9 10 13")
    paths = [event.path for event in rig.log.events if event.type == "effect_started"]
    assert len(paths) == player.calls == (1 + 4 * 3) + (2 + 8 * 3) + 1
    first = [path for path in paths if path.startswith("help#1/depth.1/")]
    assert first[0] == "help#1/depth.1/from.1/model.1"
    assert sorted(first[1:]) == sorted(f"help#1/depth.1/value.{number}/model.1" for number in range(1, 13))
    assert paths[-1] == "help#1/answer/model.1"


async def test_every_thought_is_in_the_log_with_its_place_and_its_value() -> None:
    rig = game(Player(most=4), depth=2, breadth=2, thoughts=4)
    await rig.finish("4 9 10 13")
    noted = considered(rig)
    assert [one.thought for one in noted[:4]] == ["1", "2", "3", "4"] and {one.parent for one in noted[:4]} == {""}
    kept = [one.thought for one in noted[:4] if one.kept]
    assert len(kept) == 2 and {one.parent for one in noted[4:]} == set(kept)
    assert all(0 <= one.value <= 1 for one in noted) and len({one.path for one in noted}) == len(noted) == 12


@pytest.mark.parametrize(("value", "shown"), [("sure", 1.0), ("likely", 0.05), ("impossible", 0.00005)])
async def test_a_judgement_weighs_what_it_weighs_in_the_paper(value: str, shown: float) -> None:
    def judge(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "thoughts" in schema:
            return says('{"thoughts": ["a"]}')
        return says(f'{{"why": "", "value": "{value}"}}') if "value" in schema else says("done")

    rig = game(judge, depth=1)
    await rig.finish("x")
    assert [one.value for one in considered(rig)] == [pytest.approx(shown)]


async def test_votes_choose_between_all_thoughts_of_a_depth() -> None:
    def voter(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "choice" in schema:
            return says('{"why": "short", "choice": 2}')
        return says(request.messages[-1].text[-5:])

    texts = iter(["plan a", "plan b", "plan c", "written"])
    rig = game(
        lambda request: voter(request) if request.output_schema else says(next(texts)),
        depth=1,
        breadth=1,
        thoughts=3,
        generate="sample",
        evaluate="vote",
        judgements=5,
    )
    state = await rig.finish("Write four paragraphs")
    assert state.output == "written"
    assert [(one.text, one.value, one.kept) for one in considered(rig)] == [("plan a", 0, False), ("plan b", 1, True), ("plan c", 0, False)]
    assert len(rig.model.requests) == 3 + 5 + 1


async def test_a_tree_that_never_ends_is_answered_from_the_best_thought_so_far() -> None:
    def endless(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "thoughts" in schema:
            return says('{"thoughts": ["go on", "and on"]}')
        return says('{"why": "", "value": "likely"}') if "value" in schema else says("the best I have")

    rig = game(endless, depth=20, breadth=20, max_thoughts=30)
    state = await rig.finish("x")
    assert state.output == "the best I have" and len(considered(rig)) <= 30 + 2 * 20
    [stop] = [event for event in rig.log.events if isinstance(event, Decision)]
    assert (stop.what, stop.chosen) == ("search", "stop") and "best so far" in stop.why


@pytest.mark.parametrize("search", ["breadth_first", "depth_first"])
@pytest.mark.parametrize("most", range(2, 60, 3))
async def test_a_limit_of_model_calls_ends_the_search_and_not_the_work(search: str, most: int) -> None:
    rig = game(Player(most=4), {"max_iterations": most}, search=search, thoughts=4, breadth=3)
    state = await rig.finish("4 9 10 13")
    assert len(rig.model.requests) <= most
    assert state.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("reply", ['{"thoughts": []}', '{"thoughts": ["  "]}'])
async def test_a_task_without_any_thought_says_so(reply: str) -> None:
    state = await game(lambda _: says(reply)).finish("x")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REPLY
    assert "no thought came out of the task" in state.error.message and "one step of thinking" in state.error.cure


async def test_a_judgement_that_cannot_be_used_counts_for_nothing() -> None:
    def vague(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "thoughts" in schema:
            return says('{"thoughts": ["a", "b"]}')
        if "value" in schema:
            return says('{"why": "", "value": "sure"}') if request.messages[1:][-1].text.endswith("b") else says("who knows")
        return says("done")

    rig = game(vague, {"max_repairs": 0}, depth=1, breadth=1, judgements=1)
    assert (await rig.finish("x")).output == "done"
    assert [(one.text, one.value, one.kept) for one in considered(rig)] == [("a", 0, False), ("b", 1, True)]


def test_where_every_first_step_is_too_bad_the_least_bad_is_answered_from() -> None:
    def reply(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "thoughts" in schema:
            return says('{"thoughts": ["a", "b"]}')
        return says('{"why": "", "value": "impossible"}') if "value" in schema else says("done")

    rig = game(reply, depth=3, breadth=2, thoughts=2, search="depth_first")
    state = run(rig.finish("x"))
    assert state.output == "done" and [one.kept for one in considered(rig)] == [False, False]
    [told] = [event for event in rig.log.events if event.type == "decision" and event.what == "search"]
    assert told.chosen == "the least bad" and "worth less than" in told.why
    assert "1. a" in rig.model.requests[-1].messages[-1].text


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["breadth_first", "depth_first"]), st.data()
)
def test_whatever_the_model_thinks_the_kept_ones_are_the_best_of_their_kind(
    depth: int, breadth: int, thoughts: int, judgements: int, search: str, data: st.DataObject
) -> None:
    """At each place no thought that was dropped has a higher value than one that was kept, and no more are kept than may be."""
    values = data.draw(st.lists(st.sampled_from(["sure", "likely", "impossible"]), min_size=400, max_size=400))
    left = iter(values * 9)

    def reply(request: ModelRequest) -> ModelReply:
        schema = str(request.output_schema)
        if "thoughts" in schema:
            return says(str({"thoughts": [f"t{number}" for number in range(thoughts)]}).replace("'", '"'))
        return says(f'{{"why": "", "value": "{next(left)}"}}') if "value" in schema else says("done")

    rig = game(reply, depth=depth, breadth=breadth, thoughts=thoughts, judgements=judgements, search=search)
    assert run(rig.finish("x")).output == "done"
    groups: dict[Any, list[Considered]] = {}
    for one in considered(rig):
        groups.setdefault(one.thought.count(".") if search == "breadth_first" else one.parent, []).append(one)
    for group in groups.values():
        kept, dropped = [one.value for one in group if one.kept], [one.value for one in group if not one.kept]
        assert len(kept) <= breadth
        assert not kept or not dropped or min(kept) >= max(dropped) or search == "depth_first"
