"""Between a plan and its step the right to its tool is taken away: the gate refuses, the agent is told, the log shows it."""

import pytest

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Role
from orchestrator.engine.log.events import EffectRefused
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, MemoryLog, MemoryTools, ScriptedModel
from tests.engine.agents.planning.thinker import STRATEGIES, USES_TOOLS, reply
from tests.graphs import one_agent


def rig_of(strategy: str, verdict: Verdict) -> Bench:
    """What may be done changes when the model has decided to use its tool, and before that is done."""
    rig = Bench(one_agent(tools=["pay"], strategy=STRATEGIES[strategy]), tools=MemoryTools({"pay": lambda _: "paid"}))

    def answers(request: ModelRequest) -> ModelReply:
        made = reply(request)
        if made.message.tool_requests:
            rig.authority.verdicts["pay"] = verdict
        return made

    rig.model = ScriptedModel(answer=answers)
    return rig


@pytest.mark.parametrize("strategy", USES_TOOLS)
async def test_a_right_that_is_taken_away_after_the_plan_is_refused_told_and_visible(strategy: str) -> None:
    rig = rig_of(strategy, Verdict.DENY)
    state = await rig.finish("Pay")
    assert state.status is RunStatus.SUCCEEDED, state.error
    refused = [event for event in rig.log.events if isinstance(event, EffectRefused)]
    assert rig.tools.calls == [] and refused and {(event.kind, event.name, event.agent) for event in refused} == {("tool", "pay", "helper")}
    assert all(event.gate.verdict is Verdict.DENY and state.effects[event.path].status is EffectStatus.REFUSED for event in refused)
    told = [message.text for request in rig.model.requests for message in request.messages if message.role is Role.TOOL]
    assert told and all("this call is not permitted" in text for text in told), told
    if strategy == "plan_and_execute":
        kinds = [event.type for event in rig.log.events]
        assert kinds.index("planned") < kinds.index("effect_refused"), "control: the plan was there before"


@pytest.mark.parametrize("strategy", USES_TOOLS)
async def test_control_with_the_right_it_is_done(strategy: str) -> None:
    rig = rig_of(strategy, Verdict.ALLOW)
    await rig.finish("Pay")
    assert {call.tool for call in rig.tools.calls} == {"pay"} and "effect_refused" not in {event.type for event in rig.log.events}


async def test_a_right_that_is_given_back_does_not_undo_the_refusal_in_a_replay() -> None:
    rig = rig_of("plan_and_execute", Verdict.DENY)
    await rig.finish("Pay")
    again = rig_of("plan_and_execute", Verdict.ALLOW)
    again.log = MemoryLog(rig.log.events[:-1])
    state = await again.finish("Pay")
    assert state.status is RunStatus.SUCCEEDED and again.tools.calls == [] and again.model.requests == []
