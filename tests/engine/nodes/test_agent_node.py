"""The agent node: what it sees, what it gives, and what it does when its agent refuses, is unsure or fails."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.talk import read_talk, talk_json
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import Message, ModelReply, Role, ToolRequest, text_parts
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import EngineError, ErrorCode, ModelError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Decision
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, Reply, ScriptedModel, calls, says
from tests.engine.json_values import json_values
from tests.graphs import edge, graph, node, path


def desk(*script: Reply, params: dict[str, Any] | None = None, tools: MemoryTools | None = None, **agent: Any) -> Bench:
    """An agent whose ways out lead to outputs of their names."""
    wanted = {"agent": "helper", **(params or {})}
    nodes = [node("start", "input"), node("help", "agent", wanted), node("end", "output")]
    edges = path("start", "help", "end")
    for way in wanted.get("ways", []):
        nodes.append(node(f"to_{way['name']}", "output", {"value": f"{{'{way['name']}': input}}"}))
        edges.append(edge(f"help.{way['name']}", f"to_{way['name']}"))
    agents = {
        name: {"name": name.title(), "model": name, "tools": list((tools or MemoryTools()).functions), **agent}
        for name in ("helper", "other")
    }
    document: Graph = graph(nodes, edges, agents=agents)
    return Bench(document, model=ScriptedModel(list(script)), tools=tools or MemoryTools())


def refuses(text: str = "I will not.") -> ModelReply:
    return says(text).model_copy(update={"finish": "refused"})


def decided(rig: Bench) -> list[tuple[str, str]]:
    return [(event.what, event.chosen) for event in rig.log.events if isinstance(event, Decision)]


REFUSED = [{"name": "refused"}]
UNSURE = [{"name": "unsure"}]


async def test_a_refusal_takes_its_way_out() -> None:
    rig = desk(refuses(), params={"ways": REFUSED})
    state = await rig.finish("task")
    assert state.output == {"refused": {"reason": "scripted refused to answer: I will not.", "task": "task"}}
    assert decided(rig) == [("way out", "refused")] and len(rig.model.requests) == 1


async def test_an_answer_never_takes_the_way_of_a_refusal() -> None:
    assert (await desk(says("ok"), params={"ways": REFUSED}).finish("task")).output == "ok"


async def test_a_refusal_is_never_tried_again_blindly() -> None:
    rig = desk(refuses())
    rig.graph = rig.graph.model_copy(
        update={"nodes": tuple(one.model_copy(update={"retry": one.retry.model_copy(update={"attempts": 3})}) for one in rig.graph.nodes)}
    )
    state = await rig.finish("task")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_REFUSED and len(rig.model.requests) == 1


def rated(answer: str, confidence: float) -> Reply:
    return says(f'{{"answer": "{answer}", "doubt": "the year", "confidence": {confidence}}}')


@pytest.mark.parametrize(
    ("confidence", "output"), [(0.7, "May"), (0.69, {"unsure": {"answer": "May", "confidence": 0.69, "doubt": "the year"}})]
)
async def test_an_agent_that_is_not_sure_enough_takes_its_way_out(confidence: float, output: Json) -> None:
    rig = desk(rated("May", confidence), params={"ways": UNSURE, "min_confidence": 0.7})
    assert (await rig.finish("When?")).output == output


async def test_how_sure_it_is_comes_with_an_answer_of_the_agents_own_shape() -> None:
    own = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    rig = desk(says('{"answer": {"n": 3}, "doubt": "", "confidence": 1}'), params={"ways": UNSURE}, output_schema=own)
    assert (await rig.finish("x")).output == {"n": 3}
    asked = rig.model.requests[0].output_schema
    assert asked is not None and asked["properties"]["answer"] == own  # type: ignore[index, call-overload]


async def test_a_smaller_task_is_done_when_the_full_one_fails() -> None:
    rig = desk(ModelError("It is down."), says("a summary"), params={"fallback": "Only summarise {{ input }}"})
    assert (await rig.finish("the book")).output == "a summary"
    assert [request.messages[-1].text for request in rig.model.requests] == ["the book", "Only summarise the book"]
    assert decided(rig) == [("fallback", "the less ambitious task")]
    assert [event.path for event in rig.log.events if event.type == "effect_started"] == ["help#1/model.1", "help#1/fallback/model.1"]


@pytest.mark.parametrize("failure", ["limit", "nonsense", "refusal", "denied"])
async def test_whatever_ends_the_full_task_leads_to_the_smaller_one(failure: str) -> None:
    script: dict[str, list[Reply]] = {"limit": [calls(("look", "{}"))], "nonsense": [says("")] * 3, "refusal": [refuses()], "denied": []}
    rig = desk(
        *script[failure],
        says("less"),
        params={"fallback": "less", "fallback_agent": "other"},
        tools=MemoryTools({"look": lambda _: ""}),
        limits={"max_iterations": 1} if failure == "limit" else {},
    )
    if failure == "denied":
        rig.authority = FixedAuthority({"helper": Verdict.DENY})
    assert (await rig.finish("x")).output == "less"
    assert rig.model.requests[-1].model == "other"


async def test_a_refusal_with_a_way_out_takes_it_before_any_smaller_task() -> None:
    rig = desk(refuses(), params={"ways": REFUSED, "fallback": "less"})
    state = await rig.finish("x")
    assert isinstance(state.output, dict) and "refused" in state.output


async def test_the_smaller_task_fails_like_any_other() -> None:
    state = await desk(ModelError("down"), ModelError("still down"), params={"fallback": "less"}).finish("x")
    assert state.error is not None and state.error.message == "still down"


async def test_before_a_smaller_task_a_person_says_what_became_of_a_call_that_was_cut_off() -> None:
    """The full task ran out of time in the middle of a payment."""
    rig = desk(
        calls(("pay", "{}")),
        says("less"),
        params={"fallback": "less"},
        tools=MemoryTools({"pay": lambda _: _never()}, safety=Safety.UNSAFE),
        limits={"max_seconds": 0.02},
    )
    state = await rig.go("x")
    assert state.status is RunStatus.WAITING and state.waiting() == ["help#1/turn.1.call.0/tool.1/outcome.1"]
    runner = rig.runner()
    runner.deliver(state.waiting()[0], {"action": "happened", "value": "paid"}, "ann")
    assert (await rig.go("x", runner)).status is RunStatus.SUCCEEDED


async def _never() -> Json:
    await asyncio.sleep(3600)
    return None


async def test_a_conversation_goes_in_and_comes_out() -> None:
    chat: list[Json] = [{"role": "user", "text": "I am Ann."}, {"role": "assistant", "text": "Hello Ann."}]
    rig = desk(says("You are Ann."), params={"conversation": "input", "prompt": "Who am I?", "gives": "conversation"})
    state = await rig.finish(chat)
    assert [message.text for message in rig.model.requests[0].messages] == ["I am Ann.", "Hello Ann.", "Who am I?"]
    assert state.output == [*chat, {"role": "user", "text": "Who am I?"}, {"role": "assistant", "text": "You are Ann."}]


async def test_another_agent_goes_on_from_it_with_all_that_tools_said() -> None:
    nodes = [node("start", "input"), node("first", "agent", {"agent": "a", "gives": "conversation"})]
    nodes += [node("second", "agent", {"agent": "b", "conversation": "input", "prompt": "Check it."}), node("end", "output")]
    agents = {"a": {"name": "A", "model": "m", "tools": ["look"]}, "b": {"name": "B", "model": "m"}}
    model = ScriptedModel([calls(("look", "{}")), says("seen"), says("checked")])
    rig = Bench(
        graph(nodes, path("start", "first", "second", "end"), agents=agents), model=model, tools=MemoryTools({"look": lambda _: "a cat"})
    )
    assert (await rig.finish("look")).output == "checked"
    seen = [(str(message.role), message.text) for message in model.requests[2].messages]
    assert seen == [("user", "look"), ("assistant", ""), ("tool", "a cat"), ("assistant", "seen"), ("user", "Check it.")]
    assert model.requests[2].messages[1].tool_requests and model.requests[2].messages[2].tool_request_id


async def test_a_conversation_kept_in_a_channel_grows_with_each_round() -> None:
    nodes = [
        node("start", "input"),
        node("talk", "agent", TALK, writes={"chat": "output"}),
        node("end", "output", {"value": "size(state.chat)"}),
    ]
    edges = [
        edge("start", "talk"),
        edge("talk", "talk", condition="size(state.chat) < 6", max_iterations=5),
        edge("talk", "end", otherwise=True),
    ]
    rig = Bench(
        graph(nodes, edges, agents={"a": {"name": "A", "model": "m"}}, channels={"chat": {"initial": []}}),
        model=ScriptedModel(answer=lambda request: says(str(len(request.messages)))),
    )
    assert (await rig.finish("hi")).output == 6
    assert [len(request.messages) for request in rig.model.requests] == [1, 3, 5]


TALK = {"agent": "a", "conversation": "state.chat", "gives": "conversation", "prompt": "next"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "Message 1 of the conversation cannot be read: got int"),
        (["a", 7], "Message 2 of the conversation cannot be read: got int"),
        ([{"text": 7}], "its text is no text"),
        ([{"role": "system", "text": "Obey."}], "its role is system"),
        ([{"role": "boss", "text": "x"}], "role: Input should be"),
        ([{"text": "x", "more": 1}], "more: Extra inputs are not permitted"),
    ],
)
async def test_what_is_no_conversation_is_refused_in_words(value: Json, words: str) -> None:
    state: RunState = await desk(says("x"), params={"conversation": "input", "prompt": "go"}).finish(value)
    assert state.error is not None and words in state.error.message and "list of messages" in state.error.cure


@given(json_values())
def test_any_value_is_a_conversation_or_is_refused(value: Json) -> None:
    try:
        talk = read_talk(value)
    except EngineError as error:
        assert error.info.code is ErrorCode.INVALID_INPUT
    else:
        assert read_talk(talk_json(talk)) == talk


MESSAGES = st.builds(
    Message,
    role=st.sampled_from([Role.USER, Role.ASSISTANT, Role.TOOL]),
    content=st.text().map(text_parts),
    reasoning=st.text(max_size=3),
    tool_requests=st.lists(
        st.builds(ToolRequest, id=st.text(max_size=3), name=st.text(max_size=3), arguments=st.text(max_size=3)), max_size=2
    ).map(tuple),
    tool_request_id=st.none() | st.text(max_size=3),
    name=st.none() | st.text(max_size=3),
)


@given(st.lists(MESSAGES, max_size=4))
def test_a_conversation_comes_back_as_it_was(messages: list[Message]) -> None:
    talk = Conversation(tuple(messages))
    assert read_talk(talk_json(talk)) == talk
