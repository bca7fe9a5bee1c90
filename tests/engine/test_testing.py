"""The fakes that ship with the engine behave as the real things do where it matters to a test."""

import pytest

from orchestrator.engine.effects.gate import GateRequest, GateSubject, Verdict
from orchestrator.engine.effects.model import ModelRequest, Role
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ModelError
from orchestrator.engine.log.events import RunStarted
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import (
    Bench,
    ClockInbox,
    FixedAuthority,
    ManualClock,
    MemoryLog,
    MemoryTools,
    OpenGuard,
    ScriptedModel,
    WorkerDied,
    call_context,
    calls,
    host_of,
    says,
)
from tests.graphs import approval, chain

REQUEST = ModelRequest(model="m", messages=())


def test_replies_say_what_they_are_told_to() -> None:
    text = says("hi", tokens=4)
    assert (text.message.role, text.message.text, text.finish, text.model) == (Role.ASSISTANT, "hi", "stop", "scripted")
    assert (text.usage.input_tokens, text.usage.output_tokens, text.usage.cost_nano_usd) == (4, 4, 4)
    wish = calls(("a", "{}"), ("b", "[]"))
    assert [(one.id, one.name, one.arguments) for one in wish.message.tool_requests] == [("call_0", "a", "{}"), ("call_1", "b", "[]")]
    assert (wish.finish, wish.message.text, wish.usage) == ("tools", "", says("").usage)


async def test_model_follows_its_script_streams_what_it_says_and_remembers_what_it_was_asked() -> None:
    model, heard = ScriptedModel([says("a"), ModelError("down"), says("b")]), list[str]()
    call = call_context(on_delta=heard.append)
    assert (await model.complete(REQUEST, call)).message.text == "a"
    with pytest.raises(ModelError, match="down"):
        await model.complete(REQUEST, call)
    assert (await model.complete(REQUEST, call)).message.text == "b"
    assert (heard, model.requests) == (["a", "b"], [REQUEST] * 3)
    with pytest.raises(IndexError):
        await model.complete(REQUEST, call)


async def test_model_may_answer_by_what_it_is_asked() -> None:
    model = ScriptedModel(answer=lambda request: says(request.model))
    assert (await model.complete(REQUEST, call_context())).message.text == "m"


async def test_tools_are_functions_that_may_wait() -> None:
    async def later(arguments: dict[str, object]) -> str:
        return f"later {arguments['n']}"

    tools = MemoryTools({"now": lambda arguments: arguments, "later": later}, safety=Safety.IDEMPOTENT)  # type: ignore[dict-item]
    spec = tools.spec("now")
    assert spec is not None and (spec.name, spec.safety, spec.parameters) == ("now", Safety.IDEMPOTENT, {"type": "object"})
    assert tools.spec("ghost") is None
    call = call_context(idempotency_key="k")
    assert await tools.call(ToolCall(tool="now", arguments={"n": 1}), call) == {"n": 1}
    assert await tools.call(ToolCall(tool="later", arguments={"n": 2}), call) == "later 2"
    assert ([one.tool for one in tools.calls], {one.idempotency_key for one in tools.contexts}) == (["now", "later"], {"k"})


async def test_log_keeps_what_was_read_again_and_dies_when_it_is_told() -> None:
    event = RunStarted(seq=1, input=[1])
    log = MemoryLog()
    log.append([event])
    assert log.events == [event] and log.events[0] is not event, "what is in a log is what its text says"
    dying = MemoryLog([event], die_after=1)
    with pytest.raises(WorkerDied):
        dying.append([RunStarted(seq=2)])
    assert len(dying.events) == 1 and not issubclass(WorkerDied, Exception)


async def test_authority_allows_what_it_was_not_told_about() -> None:
    authority = FixedAuthority({"pay": Verdict.DENY})
    asked = [GateRequest(subject=GateSubject.TOOL, name=name, agent="") for name in ("pay", "note")]
    assert [(await authority.decide(one)).verdict for one in asked] == [Verdict.DENY, Verdict.ALLOW]
    assert authority.asked == asked


async def test_clock_ticks_each_time_it_is_read_and_the_rest_of_the_host_stands_open() -> None:
    clock = ManualClock(time_us=5)
    assert [clock.now_us(), clock.now_us(), clock.time_us, clock.random()] == [6, 7, 7, 0.5]
    assert await ClockInbox(clock).settle() == 8
    async with OpenGuard().passed():
        pass
    assert host_of(ScriptedModel(), MemoryTools(), MemoryLog(), FixedAuthority(), clock).tenant == "tenant"


async def test_bench_claims_anew_each_time_and_refuses_to_finish_what_waits() -> None:
    rig = Bench(approval(), build="1")
    assert (await rig.go(1)).status is RunStatus.WAITING
    await rig.go(1)
    claims = [(event.epoch, event.cause, event.build) for event in rig.log.events if event.type == "run_claimed"]
    assert claims == [(1, "first", "1"), (2, "woken", "1")]
    with pytest.raises(AssertionError, match="human"):
        await Bench(approval()).finish(1)
    assert (await Bench(chain(2)).finish(1)).output == 3
