"""A run that another build began: what it recorded at the same place is taken, and the run says so."""

from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.testing import Bench, MemoryLog, MemoryTools
from tests.graphs import edge, graph, node, path


def asking(text: str, tool: str = "note") -> Bench:
    """A call with `text` in its arguments, then a question."""
    nodes = [node("start", "input"), node("call", "tool", {"tool": tool, "arguments": {"text": text}}, on_error="port")]
    nodes += [node("ask", "human"), node("end", "output", {"value": "nodes.call.out"}), node("sorry", "output", {"value": "input.message"})]
    edges = [*path("start", "call", "ask"), edge("ask.approve", "end"), edge("call.error", "sorry")]

    def broken(_arguments: dict[str, Json]) -> Json:
        raise ToolError(f"broken in {text}")

    tools = MemoryTools({"note": lambda arguments: arguments["text"], "broken": broken}, safety=Safety.IDEMPOTENT)
    return Bench(graph(nodes, edges), tools=tools)


async def work(rig: Bench, build: str) -> RunState:
    """Let a worker of this build have the run; questions that are open by then are approved."""
    runner = rig.runner()
    for place in runner.state.waiting():
        assert runner.deliver(place, {"action": "approve"}, "ann")
    await runner.run(None, RunClaimed(worker="w", epoch=runner.state.epoch + 1, cause="woken", build=build))
    assert fold(rig.log.events) == runner.state
    return runner.state


def up_to(rig: Bench, kind: str) -> MemoryLog:
    """The log through the first event of this type."""
    cut = next(index for index, event in enumerate(rig.log.events) if event.type == kind)
    return MemoryLog(rig.log.events[: cut + 1])


async def test_recorded_result_of_another_build_is_taken_and_the_run_says_so() -> None:
    old = asking("old")
    await work(old, "one")
    new = asking("new")
    new.log = up_to(old, "effect_finished")
    state = await work(new, "two")
    assert state.status is RunStatus.WAITING and new.tools.calls == []
    assert state.effects["call#1/tool.1"].adopted
    assert [event.path for event in new.log.events if event.type == "replay_adopted"] == ["call#1/tool.1"]
    state = await work(new, "two")
    assert state.output == "old", state.error
    assert sum(event.type == "replay_adopted" for event in new.log.events) == 1, "said once"


async def test_other_words_of_the_same_build_are_another_graph() -> None:
    old = asking("old")
    await work(old, "one")
    for build in ("one", ""):
        new = asking("new")
        new.log = up_to(old, "effect_finished")
        if build == "":
            for event in new.log.events:
                if event.type == "run_claimed":
                    event.build = ""
        state = await work(new, build)
        assert state.error is not None and state.error.code == "replay_diverged"


async def test_another_kind_of_effect_at_the_same_place_is_never_adopted() -> None:
    old = asking("old")
    await work(old, "one")
    new = asking("new")
    new.log = up_to(old, "effect_finished")
    for event in new.log.events:
        if event.type == "effect_started":
            event.kind = "model"
    state = await work(new, "two")
    assert state.error is not None and state.error.code == "replay_diverged"


async def test_recorded_failure_of_another_build_is_raised() -> None:
    old = asking("old", "broken")
    await work(old, "one")
    new = asking("new", "broken")
    new.log = up_to(old, "effect_failed")
    state = await work(new, "two")
    assert (state.output, new.tools.calls) == ("broken in old", [])


async def test_call_that_another_build_began_is_made_as_this_build_words_it() -> None:
    old = asking("old")
    await work(old, "one")
    new = asking("new")
    new.log = up_to(old, "effect_started")
    state = await work(new, "two")
    assert [call.arguments for call in new.tools.calls] == [{"text": "new"}]
    assert state.effects["call#1/tool.1"].status is EffectStatus.SUCCEEDED
    assert (await work(new, "two")).output == "new"


async def test_question_of_another_build_stays_asked() -> None:
    def titled(title: str) -> Bench:
        nodes = [node("start", "input"), node("ask", "human", {"title": title}), node("end", "output", {"value": "input.action"})]
        return Bench(graph(nodes, [edge("start", "ask"), edge("ask.approve", "end")]))

    old = titled("Old?")
    await work(old, "one")
    new = titled("New?")
    new.log = MemoryLog(old.log.events)
    assert (await work(new, "two")).output == "approve"
    assert sum(event.type == "effect_started" for event in new.log.events) == 1
