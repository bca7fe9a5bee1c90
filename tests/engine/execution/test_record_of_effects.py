"""What the log says of each effect: who asked for what, under which decision and key, what came of it and what it cost."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.digest import digest, fingerprint
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ErrorInfo, ToolError
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import CallContext, FailedAttempt
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, ScriptedModel, calls, says
from tests.engine.execution.test_concurrent_calls import foreign
from tests.graphs import edge, graph, node, one_agent, path

CALL = Path("pay#1/tool.1")
REQUEST: Json = {"tool": "pay", "arguments": {"n": 1}}
PROOF = fingerprint("tool", "pay", REQUEST)
USED = Usage(input_tokens=10, output_tokens=10, cost_nano_usd=10)


def paying(**rest: Any) -> Graph:
    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay", "arguments": {"n": 1}}, **rest), node("end", "output")]
    return graph(nodes, path("start", "pay", "end"))


def till(safety: Safety = Safety.IDEMPOTENT, fault: Exception | None = None) -> MemoryTools:
    def pay(_arguments: dict[str, Json]) -> Json:
        if fault is not None:
            raise fault
        return "receipt"

    return MemoryTools({"pay": pay}, safety=safety)


def told(rig: Bench, kind: str) -> list[dict[str, Any]]:
    """All events of this kind, without what every event has."""
    return [event.model_dump(exclude={"seq", "at_us", "type", "v"}) for event in rig.log.events if event.type == kind]


def decided(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict, "layer": "policy", "rule": "pay", "reason": "", "cure": "", "policy_version": None}


def begun(**rest: Any) -> dict[str, Any]:
    common = {"path": CALL, "kind": "tool", "name": "pay", "agent": "", "fingerprint": PROOF, "request": REQUEST, "waits": False}
    key = digest(["run", "/pay#1", PROOF, 1])[:40]
    return {**common, "safety": Safety.IDEMPOTENT, "idempotency_key": key, "gate": decided(Verdict.ALLOW), "retried": False, **rest}


async def say(rig: Bench, action: str) -> RunState:
    """Answer the one question that is open."""
    runner = rig.runner()
    (place,) = runner.state.waiting()
    assert runner.deliver(place, {"action": action}, "ann", "7")
    return await rig.go(None, runner)


async def test_call_is_begun_with_all_that_a_worker_needs_to_go_on_with_it() -> None:
    rig = Bench(paying(), tools=till())
    await rig.finish()
    assert told(rig, "effect_started") == [begun()]
    assert told(rig, "effect_finished") == [{"path": CALL, "result": "receipt", "usage": None, "by": "", "by_id": ""}]


async def test_call_that_is_begun_again_says_so_and_keeps_its_key() -> None:
    rig = Bench(paying(), tools=till())
    await rig.finish()
    rig.log.events = rig.log.events[: 1 + next(place for place, event in enumerate(rig.log.events) if event.type == "effect_started")]
    await rig.finish()
    assert told(rig, "effect_started") == [begun(), begun(retried=True)]


async def test_call_of_an_agent_says_whose_it_is_and_what_it_used() -> None:
    rig = Bench(one_agent(tools=["pay"]), model=ScriptedModel([calls(("pay", '{"n": 1}')), says("done")]), tools=till())
    await rig.finish("task")
    first, call, second = told(rig, "effect_started")
    place = Path("help#1/turn.1.call.0/tool.1")
    assert call == begun(path=place, agent="helper", idempotency_key=digest(["run", "/help#1", PROOF, 1])[:40])
    assert [(ask["kind"], ask["name"], ask["agent"], ask["gate"]["rule"]) for ask in (first, second)] == [
        ("model", "scripted", "helper", "scripted")
    ] * 2
    assert [ModelRequest.model_validate(ask["request"]) for ask in (first, second)] == rig.model.requests
    assert [end["usage"] for end in told(rig, "effect_finished")] == [USED.model_dump(), None, USED.model_dump()]


async def test_refused_call_says_what_was_asked_for_and_which_rule_forbids_it() -> None:
    rig = Bench(paying(), tools=till(), authority=FixedAuthority({"pay": Verdict.DENY}))
    state = await rig.finish()
    record = {"path": CALL, "kind": "tool", "name": "pay", "agent": "", "fingerprint": PROOF, "request": REQUEST}
    assert told(rig, "effect_refused") == [{**record, "gate": decided(Verdict.DENY)}]
    words = "Not allowed (decided by policy, rule pay)"
    assert state.error is not None
    assert state.error == ErrorInfo(code=ErrorCode.REFUSED, message=words, cure=state.error.cure, path=CALL)
    rig.log.events = rig.log.events[: 1 + next(place for place, event in enumerate(rig.log.events) if event.type == "effect_refused")]
    rig.authority = FixedAuthority()
    again = await rig.finish()
    assert (again.error, rig.tools.calls) == (state.error, []), "whoever goes on with the run reads the refusal in the log"


async def test_approved_call_says_under_which_decision_and_for_which_question() -> None:
    rig = Bench(paying(), tools=till(), authority=FixedAuthority({"pay": Verdict.ASK}))
    assert (await rig.go()).status is RunStatus.WAITING
    state = await say(rig, "approve")
    asked, call = told(rig, "effect_started")
    place = Path(f"{CALL}/approval")
    assert call == begun(gate=decided(Verdict.ASK)) and state.status is RunStatus.SUCCEEDED
    assert (asked["path"], asked["kind"], asked["waits"], asked["gate"]) == (place, "human", True, decided(Verdict.ASK))
    assert asked["request"]["digest"] == digest(["run", place, "tool", REQUEST])
    assert asked["request"]["payload"] == REQUEST
    assert asked["fingerprint"] == fingerprint("human", "", asked["request"])
    assert [(end["by"], end["by_id"]) for end in told(rig, "effect_finished")] == [("ann", "7"), ("", "")]


async def test_call_that_nobody_knows_of_is_asked_about_and_given_up() -> None:
    rig = Bench(paying(), tools=till(Safety.UNSAFE, ToolError("Lost", code=ErrorCode.OUTCOME_UNKNOWN)))
    assert (await rig.go()).status is RunStatus.WAITING
    assert told(rig, "effect_unknown") == [{"path": CALL}]
    asked = told(rig, "effect_started")[1]
    place = Path(f"{CALL}/outcome.1")
    assert (asked["path"], asked["kind"], asked["request"]["digest"]) == (place, "human", digest(["run", place, REQUEST]))
    await say(rig, "fail")
    error = ErrorInfo(code=ErrorCode.OUTCOME_UNKNOWN, message="Nobody knows whether pay happened", path=CALL)
    assert told(rig, "effect_failed") == [{"path": CALL, "error": error.model_dump(), "usage": None}]


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ("fail", ErrorCode.OUTCOME_UNKNOWN, "Nobody knows whether pay happened"),
        ("again", ErrorCode.TOOL_FAILED, "pay did not happen"),
    ],
)
async def test_call_that_a_failure_beside_it_cut_off_is_recorded_as_a_person_says(action: str, code: ErrorCode, words: str) -> None:
    async def both(ctx: NodeContext) -> Json:
        async def pay(inner: NodeContext) -> Json:
            return await inner.perform(ToolUse("pay", {"n": 1}, agent="", safety=Safety.UNSAFE, own_tools=None))

        async def fail(_inner: NodeContext) -> Json:
            while not any(call.tool == "pay" for call in rig.tools.calls):
                await asyncio.sleep(0)
            raise ToolError("It is broken.")

        return list(await ctx.gather([pay, fail], ["pay", "fail"]))

    async def hang(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(60)
        return None

    async def hold(_arguments: dict[str, Json]) -> Json:
        await answered.wait()
        return None

    answered = asyncio.Event()
    nodes = [node("f", "foreign", on_error="port"), node("hold", "tool", {"tool": "hold"}), node("end", "output")]
    with registered(foreign(both)):
        rig = Bench(graph(nodes, [edge("f.error", "end")]), tools=MemoryTools({"pay": hang, "hold": hold}, safety=Safety.UNSAFE))
        going = asyncio.ensure_future(rig.go(None, runner := rig.runner()))
        while not runner.state.waiting():
            await asyncio.sleep(0)
        assert runner.deliver(runner.state.waiting()[0], {"action": action}, "ann")
        answered.set()
        state = await going
    [failed] = told(rig, "effect_failed")
    assert failed["error"] == ErrorInfo(code=code, message=words, path=Path("f#1/pay/tool.1")).model_dump()
    assert isinstance(state.output, dict) and state.output["message"] == (words if action == "fail" else "It is broken.")


async def test_model_call_may_need_a_persons_approval_like_any_other() -> None:
    rig = Bench(one_agent(), model=ScriptedModel([says("done")]), authority=FixedAuthority({"scripted": Verdict.ASK}))
    state = await rig.go("task")
    assert (state.waiting(), rig.model.requests) == ([Path("help#1/model.1/approval")], [])
    assert (await say(rig, "approve")).output == "done"


@dataclass
class Unsteady(ScriptedModel):
    """Tells of one failed try before it answers."""

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        error = ErrorInfo(code=ErrorCode.MODEL_UNAVAILABLE, message="busy")
        call.on_failed_attempt(FailedAttempt(attempt=2, error=error, retry_in_s=0.25, usage=Usage(input_tokens=3)))
        return await super().complete(request, call)


async def test_failed_try_at_a_provider_is_told_with_its_cost() -> None:
    rig = Bench(one_agent(), model=Unsteady([says("done")]))
    await rig.finish("task")
    error = ErrorInfo(code=ErrorCode.MODEL_UNAVAILABLE, message="busy").model_dump()
    usage = Usage(input_tokens=3).model_dump()
    assert told(rig, "effect_attempt_failed") == [
        {"path": Path("help#1/model.1"), "attempt": 2, "error": error, "retry_in_s": 0.25, "usage": usage}
    ]


async def test_log_of_other_arguments_is_told_with_its_place() -> None:
    rig = Bench(paying(), tools=till())
    await rig.finish()
    cut = next(place for place, event in enumerate(rig.log.events) if event.type == "effect_finished")
    rig.log.events = rig.log.events[: cut + 1]
    changed = paying().model_dump(mode="json")
    changed["nodes"][1]["params"]["arguments"] = {"n": 2}
    state = await Bench(Graph.model_validate(changed), tools=till(), log=rig.log).finish()
    assert state.error is not None and (state.error.code, state.error.path) == (ErrorCode.REPLAY_DIVERGED, CALL)
    assert state.error.message == f"At {CALL} the log has a tool effect 'pay' with other arguments"
