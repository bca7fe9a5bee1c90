"""The gate is asked before every act, however the act came about, and its failure is nobody's fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from orchestrator.engine.effects.gate import GateDecision, GateRequest, Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, HostUnavailable
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools
from tests.graphs import edge, graph, node, path

PAYING = graph([node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("end", "output")], path("start", "pay", "end"))


def till(safety: Safety = Safety.IDEMPOTENT) -> MemoryTools:
    return MemoryTools({"pay": lambda _: "paid"}, safety=safety)


async def test_call_denied_since_its_worker_died_is_not_made() -> None:
    whole = Bench(PAYING, tools=till())
    await whole.finish()
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started")
    rig = Bench(PAYING, tools=till(), authority=FixedAuthority({"pay": Verdict.DENY}), log=MemoryLog(whole.log.events[: begun + 1]))
    state = await rig.finish()
    assert state.error is not None and state.error.code == ErrorCode.REFUSED
    assert rig.tools.calls == []
    assert state.effects["pay#1/tool.1"].status is EffectStatus.REFUSED and not state.open_effects
    assert fold(rig.log.events) == state


async def test_call_denied_since_it_was_approved_is_not_made() -> None:
    authority = FixedAuthority({"pay": Verdict.ASK})
    rig = Bench(PAYING, tools=till(), authority=authority)
    await rig.go()
    authority.verdicts["pay"] = Verdict.DENY
    runner = rig.runner()
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
    state = await rig.go(None, runner)
    assert state.error is not None and state.error.code == ErrorCode.REFUSED
    assert rig.tools.calls == []


async def test_call_denied_while_its_approval_was_waited_for_in_place_is_not_made() -> None:
    authority = FixedAuthority({"pay": Verdict.ASK})
    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("slow", "tool", {"tool": "slow"}), node("end", "output")]

    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.05)
        return 1

    tools = till()
    tools.functions["slow"] = slow
    rig = Bench(graph(nodes, [edge("start", "pay"), edge("start", "slow"), edge("pay", "end")]), tools=tools, authority=authority)
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await asyncio.sleep(0.01)
    authority.verdicts["pay"] = Verdict.DENY
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
    state = await going
    assert state.error is not None and state.error.code == ErrorCode.REFUSED
    assert [call.tool for call in rig.tools.calls] == ["slow"]


async def test_call_denied_during_a_pause_is_not_made() -> None:
    authority = FixedAuthority({"pay": Verdict.ASK})
    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("slow", "tool", {"tool": "slow"}), node("end", "output")]
    release = asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        await release.wait()
        return 1

    tools = till()
    tools.functions["slow"] = slow
    rig = Bench(graph(nodes, [edge("start", "pay"), edge("start", "slow"), edge("pay", "end")]), tools=tools, authority=authority)
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await asyncio.sleep(0.01)
    runner.pause("ann")
    assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
    await asyncio.sleep(0.01)
    assert [call.tool for call in rig.tools.calls] == ["slow"], "nothing begins while the run is being paused"
    authority.verdicts["pay"] = Verdict.DENY
    runner.unpause("ann")
    release.set()
    state = await going
    assert state.error is not None and state.error.code == ErrorCode.REFUSED
    assert [call.tool for call in rig.tools.calls] == ["slow"]


class Unreachable(FixedAuthority):
    """Rights cannot be read, as often as it is told."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def decide(self, request: GateRequest) -> GateDecision:
        if request.name == "pay" and self.times:
            self.times -= 1
            raise HostUnavailable("The database of rights cannot be reached")
        return await super().decide(request)


async def test_rights_that_cannot_be_read_give_the_run_back_and_end_nothing() -> None:
    done = asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.02)
        done.set()
        return 1

    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("slow", "tool", {"tool": "slow"}), node("end", "output")]
    nodes += [node("after", "tool", {"tool": "slow"})]
    tools = till(Safety.UNSAFE)
    tools.functions["slow"] = slow
    document = graph(nodes, [edge("start", "slow"), edge("start", "pay"), edge("slow", "after"), edge("pay", "end")])
    rig = Bench(document, tools=tools, authority=Unreachable(1))
    with pytest.raises(HostUnavailable):
        await rig.go()
    assert done.is_set(), "what is under way ends first"
    assert [call.tool for call in rig.tools.calls] == ["slow"], "nothing else begins"
    assert fold(rig.log.events).status is RunStatus.RUNNING
    assert (await rig.finish()).output == "paid"


class ClosedGuard:
    """A worker that is stopping: nothing begins any more."""

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        await asyncio.get_running_loop().create_future()
        yield


async def test_f21_effect_is_recorded_as_started_only_when_it_may_begin() -> None:
    rig = Bench(PAYING, tools=till(Safety.UNSAFE))
    host = replace(rig.runner()._host, guard=ClosedGuard())
    runner = Runner(PAYING, fold([]), host, run_id="run")
    going = asyncio.ensure_future(rig.go(None, runner))
    await asyncio.sleep(0.02)
    assert "effect_started" not in [event.type for event in rig.log.events]
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert (await rig.finish()).output == "paid", "and nobody was asked whether it happened"
