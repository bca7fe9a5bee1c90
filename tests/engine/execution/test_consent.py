"""Consent holds for exactly the call that was shown, from a person whose word the gate still takes when the call is made."""

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import GateDecision, GateRequest, Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools
from tests.graphs import graph, node, path

CALL = "pay#1/tool.1"
APPROVAL = f"{CALL}/approval"


def paying(amount: int = 1) -> Graph:
    pay = {"tool": "pay", "arguments": {"amount": str(amount)}}
    return graph([node("start", "input"), node("pay", "tool", pay), node("end", "output")], path("start", "pay", "end"))


class WordOf(FixedAuthority):
    """Asks about every payment; once approved it takes the word of some people only."""

    def __init__(self, *trusted: str) -> None:
        super().__init__({"pay": Verdict.ASK})
        self.trusted = trusted

    async def decide(self, request: GateRequest) -> GateDecision:
        decision = await super().decide(request)
        if request.approved_by is None or request.approved_by in self.trusted:
            return decision
        return decision.model_copy(update={"verdict": Verdict.DENY, "layer": "approval", "reason": "No more", "cure": "Ask another."})


def rig(authority: FixedAuthority, safety: Safety = Safety.UNSAFE, log: MemoryLog | None = None, amount: int = 1) -> Bench:
    tools = MemoryTools({"pay": lambda _: "paid"}, safety=safety)
    return Bench(paying(amount), tools=tools, authority=authority, log=log or MemoryLog())


async def approved(bench: Bench, by_id: str = "id-ann") -> None:
    await bench.go()
    runner = bench.runner()
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann", by_id)
    await bench.go(None, runner)


async def test_a08_the_gate_is_asked_again_at_the_act_and_told_who_approved() -> None:
    bench = rig(WordOf("id-ann"))
    await approved(bench)
    state = fold(bench.log.events)
    assert state.status is RunStatus.SUCCEEDED and len(bench.tools.calls) == 1
    asked = [request.approved_by for request in bench.authority.asked]
    assert asked[0] is None and asked[-1] == "id-ann"
    gates = [event.gate.verdict for event in bench.log.events if isinstance(event, ev.EffectStarted) and event.gate is not None]
    assert gates == [Verdict.ASK, Verdict.ASK], "of the question, and of the act under it"


async def test_a08_the_word_of_who_may_no_longer_give_it_is_refused_and_recorded() -> None:
    bench = rig(WordOf("somebody"))
    await approved(bench)
    state = fold(bench.log.events)
    assert state.error is not None and (state.error.code, state.error.cure) == (ErrorCode.REFUSED, "Ask another.")
    assert state.effects[CALL].status is EffectStatus.REFUSED and bench.tools.calls == []
    again = rig(WordOf("id-ann"), log=MemoryLog(bench.log.events[:-1]))
    replayed = await again.finish()
    assert replayed.error == state.error and again.tools.calls == [], "what was refused stays refused in every replay"


async def test_a08_a_call_cut_off_after_its_approval_is_repeated_only_while_the_approval_counts() -> None:
    whole = rig(WordOf("id-ann"), Safety.IDEMPOTENT)
    await approved(whole)
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started" and event.path == CALL)
    for trusted, calls in (("id-ann", 1), ("nobody", 0)):
        bench = rig(WordOf(trusted), Safety.IDEMPOTENT, log=MemoryLog(whole.log.events[: begun + 1]))
        await bench.finish()
        assert len(bench.tools.calls) == calls


async def test_a04_a08_another_build_that_makes_another_call_has_no_consent_to_it() -> None:
    first = rig(WordOf("id-ann"))
    await first.go()
    runner = first.runner()
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann", "id-ann")
    other = rig(WordOf("id-ann"), log=MemoryLog(first.log.events), amount=1_000)
    other.build = "another"
    await other.go()
    state = fold(other.log.events)
    assert state.effects[CALL].status is EffectStatus.REFUSED and other.tools.calls == []
    assert state.error is not None and state.error.message.startswith("A person approved the call with digest")
    assert state.error.cure.startswith("Start a new run")


@pytest.mark.parametrize(("verdict", "tool"), [(Verdict.ASK, "pay"), (Verdict.ALLOW, "")])
async def test_a08_a_question_about_a_call_names_its_tool_also_when_it_is_repeated(verdict: Verdict, tool: str) -> None:
    authority = FixedAuthority({"pay": verdict})
    whole = rig(authority)
    if verdict is Verdict.ASK:
        await approved(whole)
        assert fold(whole.log.events).effects[APPROVAL].request["tool"] == "pay"
    else:
        await whole.finish()
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started" and event.path == CALL)
    cut = rig(authority, log=MemoryLog(whole.log.events[: begun + 1]))
    state = await cut.go()
    assert state.effects[f"{CALL}/outcome.1"].request["tool"] == tool
