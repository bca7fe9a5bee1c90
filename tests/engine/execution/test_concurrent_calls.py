"""Code that makes calls in an order of its own: a framework's, a plug-in's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.human import HumanAction, HumanRequest
from orchestrator.engine.effects.model import Message, ModelRequest, Role, text_parts
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Decision
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryLog, MemoryTools, ScriptedModel, says
from tests.engine.execution.rough_world import counted_slots
from tests.graphs import edge, graph, node, path

Work = Callable[[NodeContext], Awaitable[Json]]


def foreign(work: Work) -> NodeKind[Params]:
    """A kind whose code is somebody else's."""

    async def run(ctx: NodeContext, _params: Params) -> Outputs:
        return {OUT.name: await work(ctx)}

    return NodeKind(name="foreign", title="Foreign", summary="Runs foreign code", group="tools", icon="box", params=Params, run=run)


LINE = [node("start", "input"), node("f", "foreign"), node("end", "output")]


def line() -> Graph:
    return graph(LINE, path("start", "f", "end"))


def use(name: str, text: str = "", safety: Safety = Safety.IDEMPOTENT) -> ToolUse:
    return ToolUse(name, {"text": text}, agent="", safety=safety, own_tools=None)


def question(title: str) -> HumanRequest:
    return HumanRequest(mode="review", title=title, actions=(HumanAction(name="approve", title="Approve"),))


def about(text: str) -> ModelRequest:
    return ModelRequest(model="scripted", messages=(Message(role=Role.USER, content=text_parts(text)),))


def uneven(order: list[str]) -> MemoryTools:
    """A tool whose calls come back in the order given by their texts."""

    async def look(arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.002 * order.index(str(arguments["text"])))
        return f"saw {arguments['text']}"

    return MemoryTools({"look": look}, safety=Safety.IDEMPOTENT)


async def chains(ctx: NodeContext) -> Json:
    """Two lines of calls side by side; which call is the third depends on which came back first."""
    calls = ctx.concurrent()

    async def one(name: str) -> Json:
        await calls.perform(use("look", name))
        answer = await calls.ask(question(f"Go on with {name}?"))
        return [await calls.perform(use("look", f"{name}2")), answer.action]

    return list(await asyncio.gather(one("a"), one("b")))


@pytest.mark.parametrize("order", [["a", "b", "a2", "b2"], ["b", "a", "b2", "a2"]])
async def test_calls_are_found_again_whatever_the_order_they_are_made_in(order: list[str]) -> None:
    with registered(foreign(chains)):
        rig = Bench(line(), tools=uneven(["a", "b", "a2", "b2"]))
        state = await rig.go()
        assert (state.status, len(state.waiting())) == (RunStatus.WAITING, 2)
        runner = rig.runner()
        for place in runner.state.waiting():
            assert runner.deliver(place, {"action": "approve"}, "ann")
        whole = rig.log.events
        again = Bench(line(), tools=uneven(order), log=MemoryLog(whole))
        state = await again.finish()
        assert state.output == [["saw a2", "approve"], ["saw b2", "approve"]], state.error
        assert sorted(call.arguments["text"] for call in again.tools.calls) == ["a2", "b2"]  # type: ignore[type-var]  # texts


async def test_models_and_choices_are_found_again_whatever_the_order_they_come_in() -> None:
    """The first worker came to a; the next one comes to b first."""
    orders = [["a"], ["b", "a"]]

    async def both(ctx: NodeContext) -> Json:
        calls, found = ctx.concurrent(), dict[str, Json]()
        for text in orders.pop(0):
            found[text] = (await calls.ask_model(about(text), "helper")).message.text
            calls.decide("next", text)
        await calls.ask(question("Well?"))
        return found

    with registered(foreign(both)):
        rig = Bench(line(), model=ScriptedModel(answer=lambda request: says(f"about {request.messages[0].text}")))
        before = await rig.go()
        runner = rig.runner()
        assert runner.deliver(before.waiting()[0], {"action": "approve"}, "ann")
        state = await rig.go(None, runner)
    assert state.output == {"a": "about a", "b": "about b"}, state.error
    assert [request.messages[0].text for request in rig.model.requests] == ["a", "b"], "nothing is asked twice"
    made = [event for event in rig.log.events if isinstance(event, Decision)]
    assert [(event.chosen, event.why, event.options) for event in made] == [("a", "", ()), ("b", "", ())], "nothing is lost or told twice"


async def test_like_calls_are_counted() -> None:
    async def twice(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        return list(await asyncio.gather(*(calls.perform(use("look", "a")) for _ in range(3))))

    with registered(foreign(twice)):
        rig = Bench(line(), tools=uneven(["a"]))
        state = await rig.finish()
        assert state.output == ["saw a"] * 3
        assert len(rig.tools.calls) == 3
    name = f"f#1/tool.{digest(['look', use('look', 'a').request()])[:16]}"
    assert list(state.effects) == [f"{name}.{number}" for number in (1, 2, 3)], "as earlier builds named them"


async def test_call_under_way_is_not_taken_for_rest_while_another_waits_for_a_person() -> None:
    async def both(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        seen, answer = await asyncio.gather(calls.perform(use("look", "slow")), calls.ask(question("Well?")))
        return [seen, answer.action]

    async def look(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.05)
        return "seen"

    with registered(foreign(both)):
        rig = Bench(line(), tools=MemoryTools({"look": look}, safety=Safety.UNSAFE))
        state = await rig.go()
        assert state.status is RunStatus.WAITING
        assert [effect.status for effect in state.effects.values() if effect.kind == "tool"] == ["succeeded"]
        runner = rig.runner()
        assert runner.deliver(state.waiting()[0], {"action": "approve"}, "ann")
        assert (await rig.go(None, runner)).output == ["seen", "approve"]
        assert len(rig.tools.calls) == 1


async def test_code_that_was_just_given_a_result_has_a_moment_for_its_next_call() -> None:
    async def racing(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        waits = asyncio.ensure_future(calls.ask(question("Well?")))
        for text in ("a", "b", "c"):
            await calls.perform(use("look", text))
            for _ in range(20):
                await asyncio.sleep(0)
        return (await waits).action

    with registered(foreign(racing)):
        rig = Bench(line(), tools=uneven(["a", "b", "c"]))
        state = await rig.go()
        assert (state.status, len(rig.tools.calls)) == (RunStatus.WAITING, 3)
        assert rig.runner().state.worked_us < 10_000_000


async def test_code_goes_on_after_it_was_long_silent_beside_a_question() -> None:
    async def slow_thinker(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        waits = asyncio.ensure_future(calls.ask(question("Well?")))
        await calls.perform(use("look", "a"))
        await asyncio.sleep(0.15)
        seen = await calls.perform(use("look", "b"))
        return [seen, (await waits).action]

    async def hold(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.3)
        return None

    nodes = [*LINE, node("hold", "tool", {"tool": "hold"})]
    tools = uneven(["a", "b"])
    tools.functions["hold"] = hold
    with registered(foreign(slow_thinker)), counted_slots() as slots:
        rig = Bench(graph(nodes, [*path("start", "f", "end"), edge("start", "hold")]), tools=tools)
        runner = rig.runner()
        state = await rig.go(None, runner)
        assert (state.status, runner.at_work, slots) == (RunStatus.WAITING, 0, [])
        assert [call.arguments.get("text") for call in rig.tools.calls if call.tool == "look"] == ["a", "b"]


async def test_answers_that_come_at_once_wake_code_with_several_questions_once() -> None:
    async def many(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        answers = await asyncio.gather(*(calls.ask(question(f"{index}?")) for index in range(5)))
        await calls.perform(use("look", "a"))
        return len(answers)

    body = [node("start", "input"), node("each", "map", {"concurrency": 1}), node("f", "foreign", parent="each"), node("end", "output")]
    document = graph(body, [edge("start", "each"), edge("each.item", "f"), edge("f", "each.result"), edge("each", "end")])
    with registered(foreign(many)), counted_slots() as slots:
        rig = Bench(document, tools=uneven(["a"]))
        state = await rig.go([1, 2])
        assert len(state.waiting()) == 10
        runner = rig.runner()
        for place in runner.state.waiting():
            assert runner.deliver(place, {"action": "approve"}, "ann")
        state = await rig.go(None, runner)
        assert (state.output, runner.at_work) == ([5, 5], 0)
        assert all(one.free == size for one, size in slots)


async def test_call_that_is_left_behind_does_not_keep_the_run_at_work() -> None:
    left: list[asyncio.Future[Any]] = []

    async def careless(ctx: NodeContext) -> Json:
        left.append(asyncio.ensure_future(ctx.concurrent().ask(question("Well?"))))
        await asyncio.sleep(0)
        return "gone"

    with registered(foreign(careless)):
        nodes = [*LINE[:2], node("ask", "human"), node("end", "output")]
        rig = Bench(graph(nodes, [*path("start", "f", "ask"), edge("ask.approve", "end")]))
        runner = rig.runner()
        state = await asyncio.wait_for(rig.go(None, runner), 5)
        assert (state.status, runner.at_work) == (RunStatus.WAITING, 0)
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def test_answer_to_a_call_that_was_left_behind_does_not_keep_the_run_at_work() -> None:
    left: list[asyncio.Future[Any]] = []
    release = asyncio.Event()

    async def careless(ctx: NodeContext) -> Json:
        left.append(asyncio.ensure_future(ctx.concurrent().ask(question("Well?"))))
        await asyncio.sleep(0)
        return "gone"

    async def hold(_arguments: dict[str, Json]) -> Json:
        await release.wait()
        return None

    with registered(foreign(careless)):
        nodes = [*LINE[:2], node("hold", "tool", {"tool": "hold"}), node("ask", "human"), node("end", "output")]
        document = graph(nodes, [edge("start", "f"), *path("start", "hold", "ask"), edge("ask.approve", "end")])
        runner = (rig := Bench(document, tools=MemoryTools({"hold": hold}))).runner()
        going = asyncio.ensure_future(rig.go(None, runner))
        await asyncio.sleep(0.01)
        assert runner.deliver(runner.state.waiting()[0], {"action": "approve"}, "ann")
        assert (await left[0]).action == "approve"
        release.set()
        state = await asyncio.wait_for(going, 5)
        assert (state.status, runner.at_work) == (RunStatus.WAITING, 0)


async def test_code_that_gives_up_waiting_goes_on() -> None:
    async def impatient(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        try:
            async with asyncio.timeout(0.02):
                await calls.ask(question("Well?"))
        except TimeoutError:
            return await calls.perform(use("look", "a"))
        return None

    async def hold(_arguments: dict[str, Json]) -> Json:
        await asyncio.sleep(0.1)
        return None

    nodes = [*LINE, node("hold", "tool", {"tool": "hold"})]
    tools = uneven(["a"])
    tools.functions["hold"] = hold
    with registered(foreign(impatient)):
        rig = Bench(graph(nodes, [*path("start", "f", "end"), edge("start", "hold")]), tools=tools)
        runner = rig.runner()
        state = await rig.go(None, runner)
        assert (state.output, runner.at_work) == ("saw a", 0)
        assert fold(rig.log.events) == state and not state.open_effects


async def test_kind_that_cancels_itself_fails_its_node_and_not_the_worker() -> None:
    async def cancels(_ctx: NodeContext) -> Json:
        raise asyncio.CancelledError

    with registered(foreign(cancels)):
        state = await Bench(line()).finish()
        assert state.error is not None and state.error.code == "internal"


async def test_concurrent_calls_pass_the_gate_like_any_other() -> None:
    async def both(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        return [str(found) for found in await asyncio.gather(*(calls.perform(use("look", t)) for t in "ab"), return_exceptions=True)]

    with registered(foreign(both)):
        rig = Bench(line(), tools=uneven(["a", "b"]), authority=FixedAuthority({"look": Verdict.DENY}))
        state = await rig.finish()
        assert isinstance(state.output, list) and all("Not allowed" in str(text) for text in state.output)


async def test_a_call_that_succeeded_gives_its_result_to_its_like_only() -> None:
    """A later attempt may make its unsafe calls in another order: what each one gave is known by what was asked."""
    orders = [["a", "b"], ["b", "a"]]
    given: list[Json] = []

    async def reordering(ctx: NodeContext) -> Json:
        order = orders.pop(0)
        for text in order:
            given.append(await ctx.perform(use("pay", text, Safety.UNSAFE)))
        if orders:
            raise RuntimeError("once more")
        return None

    paid: list[Json] = []

    def pay(arguments: dict[str, Json]) -> Json:
        paid.append(arguments["text"])
        return f"receipt for {arguments['text']}"

    nodes = [LINE[0], {**LINE[1], "retry": {"attempts": 2, "initial_s": 0}}, LINE[2]]
    with registered(foreign(reordering)):
        state = await Bench(graph(nodes, path("start", "f", "end")), tools=MemoryTools({"pay": pay}, safety=Safety.UNSAFE)).finish()
    assert state.status is RunStatus.SUCCEEDED, state.error
    assert given == [f"receipt for {text}" for text in ("a", "b", "b", "a")] and paid == ["a", "b"]
