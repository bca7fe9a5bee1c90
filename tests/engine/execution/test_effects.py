"""What a call says of itself: to the log, to the gate, and to whoever makes it."""

from typing import Any

import pytest

from orchestrator.engine.effects.gate import GateRequest, GateSubject
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, Usage, text_parts
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution.effect import ModelCall, ToolUse
from orchestrator.engine.ports import CallContext, ToolCall
from orchestrator.engine.testing import Bench, ManualClock, MemoryTools, ScriptedModel, call_context, host_of
from tests.graphs import chain

ASKED = ModelRequest(model="scripted", messages=(Message(role=Role.USER, content=text_parts("hi")),), temperature=0.5)
REPLY = ModelReply(
    message=Message(role=Role.ASSISTANT, content=text_parts("hello")), model="scripted-2", finish="stop", usage=Usage(input_tokens=7)
)


def host(model: ScriptedModel, tools: MemoryTools) -> Any:
    rig = Bench(chain(1))
    return host_of(model, tools, rig.log, rig.authority, ManualClock())


def test_model_call_is_recorded_with_all_that_was_asked_and_nothing_that_goes_without_saying() -> None:
    call = ModelCall(ASKED, "ann")
    said = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    assert call.request() == {"model": "scripted", "messages": [said], "temperature": 0.5}
    assert ModelRequest.model_validate(call.request()) == ASKED
    assert (call.kind, call.name, call.agent, call.safety, call.begins_durably) == ("model", "scripted", "ann", Safety.IDEMPOTENT, False)


async def test_what_a_model_answered_is_recorded_apart_from_what_it_used() -> None:
    model = ScriptedModel([REPLY])
    result, usage = await ModelCall(ASKED, "ann").act(host(model, MemoryTools()), call_context())
    said = {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}
    assert (result, usage) == ({"message": said, "model": "scripted-2", "finish": "stop"}, REPLY.usage)
    assert model.requests == [ASKED]


async def test_tool_is_called_with_the_arguments_that_were_recorded() -> None:
    contexts: list[CallContext] = [call_context()]
    tools = MemoryTools({"pay": lambda given: {"paid": given["n"]}})
    use = ToolUse("pay", {"n": 1}, agent="ann", safety=Safety.UNSAFE, own_tools=("pay",))
    assert await use.act(host(ScriptedModel(), tools), contexts[0]) == ({"paid": 1}, None)
    assert use.request() == {"tool": "pay", "arguments": {"n": 1}}
    assert (tools.calls, tools.contexts) == ([ToolCall(tool="pay", arguments={"n": 1})], contexts)
    assert (use.kind, use.name, use.agent, use.safety, use.begins_durably) == ("tool", "pay", "ann", Safety.UNSAFE, True)


@pytest.mark.parametrize("own_tools", [None, (), ("pay", "note")])
def test_gate_is_asked_about_the_tool_its_arguments_and_the_list_of_the_agent(own_tools: tuple[str, ...] | None) -> None:
    use = ToolUse("pay", {"n": 1}, agent="ann", safety=Safety.UNSAFE, own_tools=own_tools)
    assert use.gate_request() == GateRequest(subject=GateSubject.TOOL, name="pay", agent="ann", own_tools=own_tools, arguments={"n": 1})


def test_gate_is_asked_about_the_model_and_the_agent() -> None:
    assert ModelCall(ASKED, "ann").gate_request() == GateRequest(subject=GateSubject.MODEL, name="scripted", agent="ann")
