"""Unsafe means once: under time-outs, retries, failures beside, cancellation and takeovers alike."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ModelError, ToolError
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools, ScriptedModel, WorkerDied, calls, says
from tests.engine.execution.test_concurrent_calls import foreign
from tests.graphs import edge, graph, node, one_agent, path


class Till(MemoryTools):
    """An unsafe tool that counts how often it was really called; `hangs` says which calls never come back."""

    def __init__(self, hangs: Callable[[int], bool] = lambda _nth: False, safety: Safety = Safety.UNSAFE) -> None:
        super().__init__({"pay": self._pay}, safety=safety)
        self.paid = 0
        self._hangs = hangs

    async def _pay(self, _arguments: dict[str, Json]) -> Json:
        self.paid += 1
        nth = self.paid
        if self._hangs(nth):
            await asyncio.sleep(60)
        return f"receipt {nth}"


def paying(**rest: Any) -> Graph:
    nodes = [node("start", "input"), node("pay", "tool", {"tool": "pay"}, **rest), node("end", "output")]
    return graph(nodes, path("start", "pay", "end"))


async def say(rig: Bench, action: str, value: Json = None) -> RunState:
    """Answer the one question that is open."""
    runner = rig.runner()
    (place,) = runner.state.waiting()
    assert runner.deliver(place, {"action": action, "value": value}, "ann")
    return await rig.go(None, runner)


async def test_call_cut_off_by_the_time_limit_asks_a_person_before_the_node_goes_on() -> None:
    for action, output, paid in (("happened", "seen", 1), ("again", "receipt 2", 2)):
        till = Till(lambda nth: nth == 1)
        rig = Bench(paying(timeout_s=0.02, retry={"attempts": 3, "initial_s": 0}), tools=till)
        state = await rig.go()
        assert (state.status, till.paid) == (RunStatus.WAITING, 1)
        assert state.effects["pay#1/tool.1"].status is EffectStatus.UNKNOWN
        state = await say(rig, action, "seen")
        assert (state.output, till.paid) == (output, paid), state.error


async def test_answer_about_a_call_that_was_cut_off_is_taken_while_the_run_goes_on_elsewhere() -> None:
    released = asyncio.Event()

    async def hold(_arguments: dict[str, Json]) -> Json:
        await released.wait()
        return "held"

    till = Till(lambda _nth: True)
    till.functions["hold"] = hold
    nodes = [node("pay", "tool", {"tool": "pay"}, timeout_s=0.02), node("hold", "tool", {"tool": "hold"}), node("end", "output")]
    rig = Bench(graph(nodes, path("pay", "end")), tools=till)
    going = asyncio.ensure_future(rig.go(None, runner := rig.runner()))
    while not runner.state.waiting():
        await asyncio.sleep(0.001)
    assert runner.deliver(runner.state.waiting()[0], {"action": "happened", "value": "seen"}, "ann")
    await asyncio.sleep(0)
    released.set()
    state = await going
    assert (state.status, state.output, till.paid) == (RunStatus.SUCCEEDED, "seen", 1), state.error


async def test_nothing_is_called_again_while_a_person_is_asked_about_what_was_cut_off() -> None:
    looked = 0

    async def look(_arguments: dict[str, Json]) -> Json:
        nonlocal looked
        looked += 1
        await asyncio.sleep(60)
        return None

    async def both(ctx: NodeContext) -> Json:
        async def call(inner: NodeContext, name: str, safety: Safety) -> Json:
            return await inner.perform(ToolUse(name, {}, agent="", safety=safety, own_tools=None))

        works = [partial(call, name="pay", safety=Safety.UNSAFE), partial(call, name="look", safety=Safety.PURE)]
        return list(await ctx.gather(works, ["pay", "look"]))

    till = Till(lambda _nth: True)
    till.functions["look"] = look
    with registered(foreign(both)):
        rig = Bench(graph([node("f", "foreign", timeout_s=0.02), node("end", "output")], path("f", "end")), tools=till)
        state = await asyncio.wait_for(rig.go(), 5)
    assert (state.status, till.paid, looked) == (RunStatus.WAITING, 1, 1)


async def test_giving_up_a_call_that_was_cut_off_fails_the_node_without_another_try() -> None:
    till = Till(lambda _nth: True)
    rig = Bench(paying(timeout_s=0.02, retry={"attempts": 3, "initial_s": 0}), tools=till)
    await rig.go()
    state = await say(rig, "fail")
    assert state.error is not None and (state.error.code, till.paid) == (ErrorCode.OUTCOME_UNKNOWN, 1)


async def test_consent_to_call_again_holds_for_one_repetition() -> None:
    till = Till(lambda _nth: True)
    rig = Bench(paying(timeout_s=0.02), tools=till)
    state = await rig.go()
    for paid in (2, 3, 4):
        state = await say(rig, "again")
        assert (state.status, till.paid) == (RunStatus.WAITING, paid)
    state = await say(rig, "happened", "seen at last")
    assert (state.output, till.paid) == ("seen at last", 4)


async def test_f20_person_is_asked_again_after_each_death() -> None:
    till = Till()
    rig = Bench(paying(), tools=till)

    async def die_inside() -> None:
        started = sum(event.type == "effect_started" and event.kind == "tool" for event in rig.log.events)
        rig.log = DyingLog(rig.log.events, started + 1)
        runner = rig.runner()
        for place in runner.state.waiting():
            assert runner.deliver(place, {"action": "again"}, "ann")
        try:
            await rig.go(None, runner)
        except WorkerDied:
            rig.log = MemoryLog(rig.log.events)

    await die_inside()
    for deaths in range(1, 4):
        assert till.paid == deaths
        state = await rig.go()
        assert (state.status, till.paid) == (RunStatus.WAITING, deaths), "asked, not called"
        await die_inside()
    state = await rig.go()
    assert len({event.path for event in rig.log.events if event.type == "effect_started" and event.kind == "human"}) == 4


class DyingLog(MemoryLog):
    """The worker dies once its nth unsafe call has been made and before it can say so."""

    def __init__(self, events: Any, nth: int) -> None:
        super().__init__(events)
        self._nth = nth

    def append(self, events: Any) -> None:
        for event in events:
            begun = sum(known.type == "effect_started" and known.kind == "tool" for known in self.events)
            if event.type == "effect_finished" and event.path.endswith("tool.1") and begun >= self._nth:
                raise WorkerDied
        super().append(events)


async def test_call_that_succeeded_is_not_made_again_when_its_node_is_tried_again() -> None:
    till = Till()
    broken = ModelError("down", code=ErrorCode.MODEL_UNAVAILABLE)
    model = ScriptedModel([calls(("pay", "{}")), broken, calls(("pay", "{}")), says("paid once")])
    document = one_agent(tools=["pay"])
    nodes = tuple(
        n.model_copy(update={"retry": n.retry.model_copy(update={"attempts": 2, "initial_s": 0})}) if n.id == "help" else n
        for n in document.nodes
    )
    rig = Bench(document.model_copy(update={"nodes": nodes}), model=model, tools=till)
    state = await rig.finish("x")
    assert (state.output, till.paid) == ("paid once", 1)
    assert model.requests[-1].messages[-1].text == "receipt 1"
    assert fold(rig.log.events) == state


async def test_two_like_calls_of_one_attempt_are_two_calls() -> None:
    till = Till()
    model = ScriptedModel([calls(("pay", "{}"), ("pay", "{}")), says("twice")])
    await Bench(one_agent(tools=["pay"]), model=model, tools=till).finish("x")
    assert till.paid == 2


async def test_call_that_said_it_failed_is_made_again() -> None:
    till = Till()
    tries = iter([ToolError("no"), None])

    async def pay(_arguments: dict[str, Json]) -> Json:
        till.paid += 1
        error = next(tries)
        if error:
            raise error
        return "paid"

    till.functions["pay"] = pay
    state = await Bench(paying(retry={"attempts": 2, "initial_s": 0}), tools=till).finish()
    assert (state.output, till.paid) == ("paid", 2)


async def test_tool_that_cannot_tell_whether_it_acted_is_unknown_and_a_person_is_asked() -> None:
    till = Till()

    async def pay(_arguments: dict[str, Json]) -> Json:
        till.paid += 1
        raise ToolError("The connection broke", code=ErrorCode.OUTCOME_UNKNOWN)

    till.functions["pay"] = pay
    rig = Bench(paying(retry={"attempts": 3, "initial_s": 0}), tools=till)
    state = await rig.go()
    assert (state.status, till.paid) == (RunStatus.WAITING, 1)
    assert (await say(rig, "happened", "seen")).output == "seen"


def paying_map(**rest: Any) -> Graph:
    nodes = [node("start", "input"), node("each", "map", rest.pop("params", {}), **rest), node("end", "output")]
    nodes += [node("check", "tool", {"tool": "check", "arguments": {"n": "{{ item }}"}}, parent="each")]
    nodes += [node("pay", "tool", {"tool": "pay"}, parent="each")]
    edges = [edge("start", "each"), edge("each.item", "check"), edge("check", "pay"), edge("pay", "each.result"), edge("each", "end")]
    return graph(nodes, edges)


def failing_once(till: Till) -> MemoryTools:
    """Item 2 fails the first time, while item 1 pays."""
    failures = iter([True])

    async def check(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 2 and next(failures, False):
            await asyncio.sleep(0.01)
            raise ToolError("bad item")
        return "fine"

    till.functions["check"] = check
    return till


async def test_call_cut_off_by_a_failure_beside_it_is_settled_before_the_map_is_tried_again() -> None:
    for action, paid in (("happened", 2), ("again", 3)):
        till = Till(lambda nth: nth == 1)
        rig = Bench(paying_map(retry={"attempts": 2, "initial_s": 0}), tools=failing_once(till))
        state = await rig.go([1, 2])
        assert (state.status, till.paid) == (RunStatus.WAITING, 1), state.error
        assert state.effects["each#1/item.0/pay#1/tool.1"].status is EffectStatus.UNKNOWN
        state = await say(rig, action, "receipt 1")
        assert (state.status, till.paid) == (RunStatus.SUCCEEDED, paid), state.error
        assert fold(rig.log.events) == state


async def test_call_cut_off_inside_an_item_is_settled_before_the_map_goes_on_without_the_item() -> None:
    till = Till(lambda nth: nth == 1)
    nodes = [node("start", "input"), node("each", "map", {"on_item_error": "skip"}), node("end", "output")]
    nodes += [node("check", "tool", {"tool": "check", "arguments": {"n": "2"}}, parent="each")]
    nodes += [node("pay", "tool", {"tool": "pay"}, parent="each")]
    nodes += [node("both", "join", parent="each")]
    edges = [edge("start", "each"), edge("each.item", "check"), edge("each.item", "pay"), edge("check", "both"), edge("pay", "both")]
    document = graph(nodes, [*edges, edge("both", "each.result"), edge("each", "end")])

    async def check(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.01)
        raise ToolError("bad item")

    till.functions["check"] = check
    rig = Bench(document, tools=till)
    state = await rig.go([1])
    assert (state.status, till.paid) == (RunStatus.WAITING, 1)
    assert (await say(rig, "happened")).output == []


async def test_cancelled_run_says_that_the_outcome_of_its_call_is_unknown() -> None:
    till = Till(lambda _nth: True)
    rig = Bench(paying(), tools=till)
    runner = rig.runner()
    going = asyncio.ensure_future(rig.go(None, runner))
    await asyncio.sleep(0.01)
    runner.cancel("ann", "")
    state = await going
    assert state.status is RunStatus.CANCELLED
    assert state.effects["pay#1/tool.1"].status is EffectStatus.UNKNOWN


async def test_safe_call_keeps_its_key_in_every_attempt() -> None:
    till = Till(lambda nth: nth == 1, safety=Safety.IDEMPOTENT)
    rig = Bench(paying(timeout_s=0.02, retry={"attempts": 2, "initial_s": 0}), tools=till)
    assert (await rig.finish()).output == "receipt 2"
    keys = {event.idempotency_key for event in rig.log.events if event.type == "effect_started"}
    assert len(keys) == 1


async def test_what_a_failed_attempt_left_open_is_cancelled() -> None:
    till = Till(lambda nth: nth == 1, safety=Safety.IDEMPOTENT)
    rig = Bench(paying(timeout_s=0.02, retry={"attempts": 2, "initial_s": 600, "max_s": 600}), tools=till)
    state = await rig.go()
    assert state.status is RunStatus.WAITING
    assert state.effects["pay#1/tool.1"].status is EffectStatus.CANCELLED and not state.open_effects


async def test_refused_repetition_of_an_unknown_call_is_refused() -> None:
    till = Till(lambda _nth: True)
    authority = FixedAuthority()
    rig = Bench(paying(timeout_s=0.02), tools=till, authority=authority)
    await rig.go()
    authority.verdicts["pay"] = Verdict.DENY
    state = await say(rig, "again")
    assert state.error is not None and (state.error.code, till.paid) == (ErrorCode.REFUSED, 1)
    assert state.effects["pay#1/tool.1"].status is EffectStatus.REFUSED


async def test_giving_up_a_call_that_a_failure_cut_off_fails_the_map_without_another_try() -> None:
    till = Till(lambda nth: nth == 1)
    rig = Bench(paying_map(retry={"attempts": 2, "initial_s": 0}), tools=failing_once(till))
    await rig.go([1, 2])
    state = await say(rig, "fail")
    assert state.error is not None and (state.error.code, till.paid) == (ErrorCode.OUTCOME_UNKNOWN, 1)


async def test_question_that_was_open_when_its_item_failed_is_asked_on() -> None:
    """A call was cut off by its time limit and asked about; then its item failed beside it; then the map goes on."""
    till = Till(lambda nth: nth == 1)
    nodes = [node("start", "input"), node("each", "map", {"on_item_error": "record"}), node("end", "output", {"value": "size(input)"})]
    nodes += [node("check", "tool", {"tool": "check"}, parent="each"), node("pay", "tool", {"tool": "pay"}, timeout_s=0.02, parent="each")]
    nodes += [node("both", "join", parent="each")]
    edges = [edge("start", "each"), edge("each.item", "check"), edge("each.item", "pay"), edge("check", "both"), edge("pay", "both")]

    async def check(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.08)
        raise ToolError("bad item")

    till.functions["check"] = check
    rig = Bench(graph(nodes, [*edges, edge("both", "each.result"), edge("each", "end")]), tools=till)
    state = await rig.go([1])
    assert state.status is RunStatus.WAITING and len(state.waiting()) == 1
    assert state.effects["each#1/item.0/pay#1/tool.1"].status is EffectStatus.UNKNOWN
    state = await say(rig, "happened", "seen")
    assert (state.output, till.paid) == (1, 1), state.error


@pytest.mark.parametrize("safety", [Safety.IDEMPOTENT, Safety.UNSAFE])
async def test_like_calls_have_keys_of_their_own_on_both_sides_of_a_death(safety: Safety) -> None:
    def desk() -> Bench:
        model = ScriptedModel([calls(("pay", "{}"), ("pay", "{}")), says("twice")])
        return Bench(one_agent(tools=["pay"]), model=model, tools=Till(safety=safety))

    whole = desk()
    await whole.finish("x")
    keys = [event.idempotency_key for event in whole.log.events if event.type == "effect_started" and event.kind == "tool"]
    assert len(set(keys)) == 2
    first = next(i for i, event in enumerate(whole.log.events) if event.type == "effect_finished" and "tool" in event.path)
    second = {event.path for event in whole.log.events if event.type == "effect_started" and event.kind == "tool"}
    done = whole.log.events[first].path  # type: ignore[union-attr]  # an effect's end
    rig = desk()
    rig.model.script.pop(0)
    kept = [event for event in whole.log.events[: first + 1] if getattr(event, "path", "") not in second - {done}]
    rig.log = MemoryLog(event.model_copy(update={"seq": seq}) for seq, event in enumerate(kept, start=1))
    state = await rig.finish("x")
    assert (state.output, len(rig.tools.calls)) == ("twice", 1), state.error
    again = {event.idempotency_key for event in rig.log.events if event.type == "effect_started" and event.kind == "tool"}
    assert len(again) == 2, "a provider that knows the first key would not act on the second call"
