"""What must come before what: durable before acting, held while pausing, final without another try."""

import asyncio

from pytest import MonkeyPatch

from orchestrator.engine.effects.gate import GateRequest, GateSubject, Verdict, pass_gate
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools, ScriptedModel, calls, says
from tests.graphs import approval, edge, graph, node, one_agent, path


class Diary(MemoryLog):
    """Notes after which event the log was made durable."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed_at: list[int] = []

    async def flush(self) -> None:
        self.flushed_at.append(len(self.events))
        await super().flush()


async def test_effects_begin_after_all_before_them_is_durable_and_unsafe_results_are_durable_at_once() -> None:
    document = graph([node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("end", "output")], path("start", "pay", "end"))
    for safety, flushes in ((Safety.UNSAFE, 2), (Safety.IDEMPOTENT, 1)):
        diary = Diary()

        def pay(_arguments: dict[str, Json], diary: Diary = diary) -> Json:
            assert diary.flushed_at[-1] == len(diary.events), "acted before the log was durable"
            return "paid"

        await Bench(document, tools=MemoryTools({"pay": pay}, safety=safety), log=diary).finish()
        kinds = [event.type for event in diary.events]
        before_end = [at for at in diary.flushed_at if at <= kinds.index("effect_finished") + 1]
        assert len(before_end) == flushes


class SlowDisk(MemoryLog):
    """Nothing is durable before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.durable = asyncio.Event()

    async def flush(self) -> None:
        await self.durable.wait()


async def test_model_is_asked_while_what_came_before_is_being_written_and_a_tool_is_not_called() -> None:
    disk = SlowDisk()
    model = ScriptedModel([calls(("note", "{}")), says("done")])
    rig = Bench(one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _arguments: "noted"}), log=disk)
    going = asyncio.ensure_future(rig.go("x"))
    await asyncio.sleep(0.01)
    assert (len(model.requests), rig.tools.calls) == (1, [])
    disk.durable.set()
    assert (await going).output == "done"


async def test_nodes_without_effects_wait_for_no_flush() -> None:
    diary = Diary()
    names = [f"n{index}" for index in range(20)]
    document = graph([node("start", "input"), *(node(n, "transform") for n in names), node("end", "output")], path("start", *names, "end"))
    await Bench(document, log=diary).finish(1)
    assert len(diary.flushed_at) == 1, "only the end of the run is waited for"


async def test_pause_holds_the_next_effect_of_an_agent() -> None:
    asked = asyncio.Event()
    model = ScriptedModel([calls(("note", "{}")), says("done")], delay_s=0.02)
    rig = Bench(one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _arguments: asked.set()}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go("x", runner))
    await asyncio.sleep(0.005)
    runner.pause("ann")
    assert (await going).status is RunStatus.PAUSED
    assert rig.tools.calls == []
    again = rig.runner()
    again.unpause("ann")
    assert (await rig.go("x", again)).output == "done"


async def test_pause_that_is_taken_back_lets_what_is_under_way_go_on() -> None:
    model = ScriptedModel([calls(("note", "{}")), says("done")], delay_s=0.02)
    rig = Bench(one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _arguments: "noted"}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go("x", runner))
    await asyncio.sleep(0.005)
    runner.pause("ann")
    runner.unpause("ann")
    assert (await going).output == "done"
    assert len(model.requests) == 2, "no call was made twice"


async def test_what_was_held_goes_on_when_the_pause_is_taken_back() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        begun.set()
        await release.wait()
        return "slow"

    nodes = [
        node("start", "input"),
        node("s", "tool", {"tool": "slow"}),
        node("a", "wait", {"seconds": 0.002}),
        node("b", "tool", {"tool": "quick"}),
    ]
    nodes += [node("both", "join"), node("end", "output")]
    edges = [edge("start", "s"), edge("start", "a"), edge("a", "b"), edge("s", "both"), edge("b", "both"), edge("both", "end")]
    rig = Bench(graph(nodes, edges), tools=MemoryTools({"slow": slow, "quick": lambda _arguments: "quick"}))
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await begun.wait()
    runner.pause("ann")
    await asyncio.sleep(0.01)
    assert len(rig.tools.calls) == 1, "the other branch is held"
    runner.unpause("ann")
    release.set()
    assert (await going).output == ["slow", "quick"]


async def test_answer_between_coming_to_rest_and_leaving_is_not_lost(monkeypatch: MonkeyPatch) -> None:
    rig = Bench(approval())
    runner = rig.runner()
    stop = Runner._stop

    def answer_first(self: Runner, ending: object) -> None:
        self.deliver(Path("ask#1/human.1"), {"action": "approve"}, "ann")
        stop(self, ending)  # type: ignore[arg-type]

    monkeypatch.setattr(Runner, "_stop", answer_first)
    assert (await rig.go(1, runner)).status is RunStatus.SUCCEEDED


async def test_refusal_is_not_tried_again() -> None:
    document = graph(
        [node("start", "input"), node("call", "tool", {"tool": "note"}, retry={"attempts": 5, "initial_s": 0}), node("end", "output")],
        path("start", "call", "end"),
    )
    authority = FixedAuthority({"note": Verdict.DENY})
    state = await Bench(document, tools=MemoryTools({"note": lambda _arguments: ""}), authority=authority).finish()
    assert state.error is not None and state.error.code == "refused"
    assert len(authority.asked) == 1


async def test_gate_refuses_what_is_not_on_the_agents_own_list_without_asking_the_host() -> None:
    authority = FixedAuthority()
    request = GateRequest(subject=GateSubject.TOOL, name="pay", agent="helper", own_tools=("note",))
    decision = await pass_gate(request, authority)
    assert (decision.verdict, decision.layer, authority.asked) == (Verdict.DENY, "tool_list", [])


async def test_step_does_not_see_what_others_yielded_after_it_began() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_arguments: dict[str, Json]) -> Json:
        begun.set()
        await ended.wait()
        return "slow"

    async def quick(_arguments: dict[str, Json]) -> Json:
        await begun.wait()
        return "quick"

    def tell(_arguments: dict[str, Json]) -> Json:
        ended.set()
        return None

    nodes = [
        node("start", "input"),
        node("s", "tool", {"tool": "slow"}, writes={"blind": "nodes.q == null"}),
        node("q", "tool", {"tool": "quick"}),
        node("t", "tool", {"tool": "tell"}),
        node("both", "join"),
        node("end", "output", {"value": "[state.blind, nodes.q.out]"}),
    ]
    edges = [edge("start", "s"), edge("start", "q"), edge("q", "t"), edge("s", "both"), edge("t", "both"), edge("both", "end")]
    tools = MemoryTools({"slow": slow, "quick": quick, "tell": tell})
    state = await Bench(graph(nodes, edges, channels={"blind": {}}), tools=tools).finish()
    assert state.output == [True, "quick"]
