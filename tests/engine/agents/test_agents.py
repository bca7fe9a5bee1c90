"""An agent at work: tools, corrections, structured answers, limits."""

import asyncio
import json
from typing import Any

import pytest

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import Role
from orchestrator.engine.errors import ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, Reply, ScriptedModel, calls, says
from tests.graphs import edge, graph, node, one_agent

LABEL = {
    "type": "object",
    "properties": {"label": {"enum": ["billing", "shipping"]}},
    "required": ["label"],
    "additionalProperties": False,
}


def weather(arguments: dict[str, Json]) -> Json:
    return f"Sunny in {arguments.get('city', 'nowhere')}"


class Desk:
    """One agent, a script for its model, and what came of it."""

    def __init__(self, *script: Reply, toolbox: MemoryTools | None = None, authority: FixedAuthority | None = None, **agent: Any) -> None:
        self.model = ScriptedModel(list(script))
        self.toolbox = toolbox or MemoryTools({"weather": weather})
        self.authority = authority or FixedAuthority()
        self.rig = Bench(one_agent(**agent), model=self.model, tools=self.toolbox, authority=self.authority)

    async def run(self) -> RunState:
        return await self.rig.finish("How is the weather?")

    def said(self, turn: int) -> list[str]:
        """What the model was told in its nth request, without system and task."""
        return [message.text for message in self.model.requests[turn].messages[2:]]


async def test_agent_answers_with_text() -> None:
    desk = Desk(says("Fine."))
    state = await desk.run()
    assert state.output == "Fine."
    assert [message.role for message in desk.model.requests[0].messages] == [Role.SYSTEM, Role.USER]
    assert (state.usage.calls, state.usage.input_tokens, state.usage.cost_nano_usd) == (1, 10, 10)


async def test_tool_result_goes_back_to_the_model() -> None:
    desk = Desk(calls(("weather", '{"city": "Hue"}')), says("Sunny."), tools=["weather"])
    state = await desk.run()
    assert state.output == "Sunny."
    assert desk.said(1)[-1] == "Sunny in Hue"


async def test_tools_of_one_turn_run_at_the_same_time() -> None:
    met = asyncio.Barrier(3)

    async def meet(_arguments: dict[str, Json]) -> Json:
        await asyncio.wait_for(met.wait(), 2)
        return "met"

    turn = calls(("meet", "{}"), ("meet", "{}"), ("meet", "{}"))
    desk = Desk(turn, says("done"), toolbox=MemoryTools({"meet": meet}), tools=["meet"])
    assert (await desk.run()).output == "done"
    assert desk.said(1)[-3:] == ["met"] * 3


@pytest.mark.parametrize("name", ["getWeathr", "Weather", "we\u0430ther", ""])
async def test_p01_hallucinated_tool_is_corrected_by_naming_the_valid_ones(name: str) -> None:
    desk = Desk(calls((name, "{}")), says("ok"), tools=["weather"])
    assert (await desk.run()).output == "ok"
    assert desk.toolbox.calls == []
    assert "Available tools: weather" in desk.said(1)[-1]


async def test_tool_that_is_not_on_the_agents_list_cannot_be_called() -> None:
    toolbox = MemoryTools({"weather": weather, "delete_user": lambda _arguments: "deleted"})
    desk = Desk(calls(("delete_user", "{}")), says("ok"), toolbox=toolbox, tools=["weather"])
    assert (await desk.run()).output == "ok"
    assert toolbox.calls == []


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"', "nonsense", "[" * 5000])
async def test_malformed_arguments_are_corrected(arguments: str) -> None:
    desk = Desk(calls(("weather", arguments)), says("ok"), tools=["weather"])
    assert (await desk.run()).output == "ok"
    assert desk.toolbox.calls == []
    assert "Error" in desk.said(1)[-1]


async def test_corrections_are_bounded() -> None:
    desk = Desk(*[calls(("nothing", "{}"))] * 5, tools=["weather"], limits={"max_repairs": 2})
    state = await desk.run()
    assert state.status is RunStatus.FAILED
    assert state.error is not None and state.error.code == "model_bad_reply"
    assert len(desk.model.requests) == 3


async def test_tool_error_is_told_to_the_model() -> None:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise ToolError("The city is unknown.", cure="Name a city.")

    desk = Desk(calls(("broken", "{}")), says("sorry"), toolbox=MemoryTools({"broken": broken}), tools=["broken"])
    assert (await desk.run()).output == "sorry"
    assert "The city is unknown. Name a city." in desk.said(1)[-1]


async def test_structured_answer_is_data() -> None:
    state = await Desk(says('{"label": "billing"}'), output_schema=LABEL).run()
    assert state.output == {"label": "billing"}


@pytest.mark.parametrize("bad", ["billing", '{"label": "other"}', "", "```json\n{}\n```"])
async def test_structured_answer_is_repaired(bad: str) -> None:
    desk = Desk(says(bad), says('{"label": "shipping"}'), output_schema=LABEL)
    state = await desk.run()
    assert state.output == {"label": "shipping"}
    assert "cannot be used" in desk.said(1)[-1]


async def test_agent_stops_at_its_iterations() -> None:
    asked = [calls(("weather", f'{{"turn": {turn}}}')) for turn in range(9)]
    desk = Desk(*asked, tools=["weather"], limits={"max_iterations": 4})
    state = await desk.run()
    assert state.error is not None and state.error.code == "limit_exceeded"
    assert len(desk.model.requests) == 4


async def test_agent_stops_at_its_tokens() -> None:
    desk = Desk(*[calls(("weather", "{}"), tokens=50)] * 9, tools=["weather"], limits={"max_tokens": 250})
    state = await desk.run()
    assert state.error is not None and "tokens" in state.error.message
    assert len(desk.model.requests) == 3


async def test_agent_stops_at_its_time() -> None:
    desk = Desk(says("late"), limits={"max_seconds": 0.02})
    desk.model.delay_s = 5
    state = await desk.run()
    assert state.error is not None and "0.02 s" in state.error.message


async def test_p10_too_many_calls_in_one_turn_are_refused() -> None:
    desk = Desk(calls(*[("weather", "{}")] * 100), says("ok"), tools=["weather"])
    assert (await desk.run()).output == "ok"
    assert desk.toolbox.calls == []


async def test_gate_denial_is_recorded_and_the_model_sees_a_neutral_error() -> None:
    authority = FixedAuthority({"weather": Verdict.DENY})
    desk = Desk(calls(("weather", "{}")), says("ok"), authority=authority, tools=["weather"])
    state = await desk.run()
    assert state.output == "ok"
    assert desk.toolbox.calls == []
    refused = [effect for effect in state.effects.values() if effect.status is EffectStatus.REFUSED]
    assert [effect.name for effect in refused] == ["weather"]
    assert "not permitted" in desk.said(1)[-1] and "policy" not in desk.said(1)[-1]


async def test_gate_is_asked_about_models_too() -> None:
    desk = Desk(says("never"), authority=FixedAuthority({"scripted": Verdict.DENY}))
    state = await desk.run()
    assert state.error is not None and state.error.code == "refused"
    assert desk.model.requests == []


async def test_approval_shows_exactly_the_call_and_waits_without_a_worker() -> None:
    authority = FixedAuthority({"weather": Verdict.ASK})
    desk = Desk(calls(("weather", '{"city": "Hue"}')), says("done"), authority=authority, tools=["weather"])
    state = await desk.rig.go("?")
    assert state.status is RunStatus.WAITING
    (path,) = state.waiting()
    request = state.effects[path].request
    assert isinstance(request, dict) and request["payload"] == {"tool": "weather", "arguments": {"city": "Hue"}}
    assert len(str(request["digest"])) == 64
    runner = desk.rig.runner()
    assert runner.deliver(path, {"action": "approve"}, "ann")
    assert not runner.deliver(path, {"action": "reject"}, "bob"), "a second decision must not count"
    state = await desk.rig.go("?", runner)
    assert state.output == "done"
    assert desk.toolbox.calls == [ToolCall(tool="weather", arguments={"city": "Hue"})]
    [call] = desk.toolbox.contexts
    assert (call.run_id, call.path, call.agent, call.tenant, call.attempt) == ("run", "help#1/turn.1.call.0/tool.1", "helper", "tenant", 1)


async def test_rejected_call_is_not_performed() -> None:
    desk = Desk(calls(("weather", "{}")), says("understood"), authority=FixedAuthority({"weather": Verdict.ASK}), tools=["weather"])
    state = await desk.rig.go("?")
    runner = desk.rig.runner()
    runner.deliver(state.waiting()[0], {"action": "reject", "comment": "too risky"}, "ann")
    state = await desk.rig.go("?", runner)
    assert state.output == "understood"
    assert desk.toolbox.calls == []
    assert "too risky" in desk.said(1)[-1]


async def test_tool_revoked_while_its_approval_waits_is_refused() -> None:
    authority = FixedAuthority({"weather": Verdict.ASK})
    desk = Desk(calls(("weather", "{}")), says("ok"), authority=authority, tools=["weather"])
    state = await desk.rig.go("?")
    runner = desk.rig.runner()
    runner.deliver(state.waiting()[0], {"action": "approve"}, "ann")
    authority.verdicts["weather"] = Verdict.DENY
    assert (await desk.rig.go("?", runner)).output == "ok"
    assert desk.toolbox.calls == []


async def test_router_asks_an_agent_and_records_why() -> None:
    routes = [{"name": "billing", "description": "money"}, {"name": "shipping", "description": "parcels"}]
    document = graph(
        [
            node("start", "input"),
            node("pick", "router", {"mode": "model", "agent": "helper", "routes": routes}),
            node("b", "output", {"value": "'billing'"}),
            node("s", "output", {"value": "'shipping'"}),
        ],
        [edge("start", "pick"), edge("pick.billing", "b"), edge("pick.shipping", "s")],
        agents={"helper": {"name": "Helper", "model": "scripted"}},
    )
    reply = says(json.dumps({"route": "shipping", "why": "It asks for a parcel."}))
    rig = Bench(document, model=ScriptedModel([reply]))
    state = await rig.finish("Where is my parcel?")
    assert state.output == "shipping"
    decision = next(event for event in rig.log.events if event.type == "decision")
    assert (decision.chosen, decision.why, decision.options) == ("shipping", "It asks for a parcel.", ("billing", "shipping"))
