"""Answers that are criticised and given again, and thoughts before each action."""

import json
from typing import Any

import pytest

from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Correction, Decision, Reflected, Thought
from orchestrator.engine.testing import Bench, MemoryTools, Reply, ScriptedModel, calls, says
from tests.graphs import one_agent


def critique(score: float, good: bool = False, lesson: str = "be exact") -> Reply:
    return says(json.dumps({"critique": f"worth {score}", "good": good, "score": score, "lesson": lesson}))


def reflecting(*script: Reply, **strategy: Json) -> Bench:
    return Bench(one_agent(strategy={"type": "reflection", **strategy}), model=ScriptedModel(list(script)))


def decisions(rig: Bench) -> list[str]:
    return [event.why for event in rig.log.events if isinstance(event, Decision)]


async def test_a_good_answer_is_given_at_once() -> None:
    rig = reflecting(says("Hue"), critique(0.2, good=True))
    assert (await rig.finish("Where?")).output == "Hue"
    [note] = [event for event in rig.log.events if isinstance(event, Reflected)]
    assert (note.round, note.good, note.score, note.critique, note.lesson, note.path) == (
        1,
        True,
        0.2,
        "worth 0.2",
        "be exact",
        "help#1/note.1",
    )


async def test_what_was_learnt_is_told_with_the_next_try() -> None:
    rig = reflecting(says("Hue"), critique(0.1, lesson="Say the country."), says("Hue, Vietnam"), critique(0.95))
    assert (await rig.finish("Where?")).output == "Hue, Vietnam"
    assert "- Say the country." in rig.model.requests[2].messages[-1].text
    assert "Hue, Vietnam" in rig.model.requests[3].messages[-1].text


async def test_the_best_of_all_answers_is_given_when_none_is_good_enough() -> None:
    rig = reflecting(says("a"), critique(0.3), says("b"), critique(0.6), says("c"), critique(0.5))
    assert (await rig.finish("x")).output == "b"
    assert decisions(rig) == ["No answer was good enough in 3 rounds: the best is taken"]


async def test_an_agent_that_only_repeats_itself_stops() -> None:
    rig = reflecting(says("a"), critique(0.3), says("a"), max_rounds=9)
    assert (await rig.finish("x")).output == "a" and decisions(rig) == ["The answer did not change"]


@pytest.mark.parametrize(("enough", "requests"), [(0.5, 2), (0.6, 4)])
async def test_it_stops_at_the_score_that_is_enough(enough: float, requests: int) -> None:
    rig = reflecting(says("a"), critique(0.5), says("b"), critique(0.7), enough=enough)
    await rig.finish("x")
    assert len(rig.model.requests) == requests


async def test_what_a_good_answer_is_can_be_said() -> None:
    rig = reflecting(says("a"), critique(1.0), criteria="It rhymes.")
    await rig.finish("x")
    assert "A good answer: It rhymes." in rig.model.requests[1].messages[-1].text


class Described(MemoryTools):
    """Tools whose arguments are described."""

    def __init__(self, parameters: dict[str, Json]) -> None:
        super().__init__({"note": lambda given: given})
        self.parameters = parameters

    def spec(self, name: str) -> ToolSpec | None:
        return ToolSpec(name=name, description=name, parameters=self.parameters) if name in self.functions else None


PLAIN: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def reacting(*script: Reply, parameters: dict[str, Json] | None = None) -> Bench:
    graph = one_agent(tools=["note"], strategy={"type": "react"})
    return Bench(graph, model=ScriptedModel(list(script)), tools=Described(PLAIN if parameters is None else parameters))


async def test_each_action_comes_with_a_thought_that_the_tool_never_sees() -> None:
    rig = reacting(calls(("note", '{"thought": "I need 1.", "n": 1}')), says("done"))
    assert (await rig.finish("x")).output == "done"
    assert [call.arguments for call in rig.tools.calls] == [{"n": 1}]
    [thought] = [event for event in rig.log.events if isinstance(event, Thought)]
    assert (thought.text, thought.agent, thought.path) == ("I need 1.", "helper", "help#1/turn.1.call.0/note.1")
    offered = rig.model.requests[0].tools[0].parameters
    assert list(offered["properties"]) == ["thought", "n"] and offered["required"] == ["thought", "n"]  # type: ignore[arg-type]
    assert "Before each action" in rig.model.requests[0].messages[0].text


async def test_an_action_without_a_thought_is_corrected_and_not_done() -> None:
    rig = reacting(calls(("note", '{"n": 1}')), calls(("note", '{"thought": "now", "n": 1}')), says("done"))
    assert (await rig.finish("x")).output == "done" and len(rig.tools.calls) == 1
    assert [event.what for event in rig.log.events if isinstance(event, Correction)] == ["bad_arguments"]


async def test_a_tool_that_has_a_thought_of_its_own_keeps_it() -> None:
    own = {"type": "object", "properties": {"thought": {"type": "integer"}}}
    rig = reacting(calls(("note", '{"thought": 7}')), says("done"), parameters=own)
    assert (await rig.finish("x")).output == "done"
    assert [call.arguments for call in rig.tools.calls] == [{"thought": 7}]
