"""Short runs that together have every event in their logs, each with a clock by hand: the same log on every machine."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ErrorInfo, ModelError, ToolError
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.ports import CallContext, FailedAttempt
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, Reply, ScriptedModel, calls, says
from tests.graphs import approval, edge, fan, graph, loop, node, one_agent, path

Scenario = Callable[[], Awaitable[Bench]]

APPROVED: Json = {"action": "approve", "value": None, "comment": "fine"}
TWICE = {"attempts": 2, "initial_s": 0}


async def answer(rig: Bench, given: Json) -> None:
    """Answer the first open question and work on until the run stops again."""
    runner = rig.runner()
    assert runner.deliver(runner.state.waiting()[0], given, "ann", "7")
    await rig.go(None, runner)


async def tool_round() -> Bench:
    rig = Bench(
        one_agent(tools=["note"]),
        model=ScriptedModel([calls(("note", "{}")), says("done")]),
        tools=MemoryTools({"note": lambda _: "noted"}),
    )
    await rig.go("task")
    return rig


async def answered() -> Bench:
    rig = await waiting()
    await answer(rig, APPROVED)
    return rig


async def waiting() -> Bench:
    rig = Bench(approval(payload="input"))
    await rig.go(3)
    return rig


async def looped() -> Bench:
    rig = Bench(loop(4))
    await rig.go(0)
    return rig


async def fanned() -> Bench:
    rig = Bench(fan(3))
    await rig.go(1)
    return rig


async def failed_item() -> Bench:
    nodes = [node("start", "input"), node("each", "map", {"on_item_error": "record"})]
    nodes += [node("check", "transform", {"expression": "item.n"}, parent="each"), node("end", "output")]
    edges = [edge("start", "each"), edge("each.item", "check"), edge("check", "each.result"), edge("each", "end")]
    rig = Bench(graph(nodes, edges))
    await rig.go([{"n": 1}, {}, {"n": 3}])
    return rig


def one_tool(name: str, run: Callable[[dict[str, Json]], Json], safety: Safety = Safety.PURE, **rest: Json) -> Bench:
    nodes = [node("start", "input"), node("call", "tool", {"tool": name}, **rest), node("end", "output")]
    return Bench(graph(nodes, path("start", "call", "end")), tools=MemoryTools({name: run}, safety=safety))


class Flaky:
    """A tool that fails the first time."""

    def __init__(self) -> None:
        self.failed = False

    def __call__(self, _arguments: dict[str, Json]) -> Json:
        if not self.failed:
            self.failed = True
            raise ToolError("busy", cure="Try again.", retryable=True)
        return "done"


async def retried_then_failed() -> Bench:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise RuntimeError("broken")

    rig = one_tool("broken", broken, retry=TWICE)
    await rig.go()
    return rig


async def retried_then_succeeded() -> Bench:
    rig = one_tool("flaky", Flaky(), retry=TWICE)
    await rig.go({"n": 1})
    return rig


async def retry_in_map_with_person() -> Bench:
    """Two items: each asks a person; then a tool fails once for one of them."""
    inner = [node("ask", "human", {"payload": "item"}, parent="each"), node("call", "tool", {"tool": "flaky"}, parent="each", retry=TWICE)]
    nodes = [node("start", "input"), node("each", "map"), *inner, node("end", "output")]
    edges = [edge("start", "each"), edge("each.item", "ask"), edge("ask.approve", "call"), edge("call", "each.result"), edge("each", "end")]
    rig = Bench(graph(nodes, edges), tools=MemoryTools({"flaky": Flaky()}))
    await rig.go([{"id": "a"}, {"id": "b"}])
    await answer(rig, APPROVED)
    await answer(rig, APPROVED)
    return rig


async def item_cut_off() -> Bench:
    """Items 1 and 10 ask two people; item 1 fails after one answer, so its other question is void. Those of item 10 stay."""
    inner = [node(name, "human", {"payload": "item"}, parent="each") for name in ("ask", "sure")]
    inner += [
        node("look", "transform", {"expression": "item"}, parent="each"),
        node("broken", "transform", {"expression": "item.n"}, parent="each"),
    ]
    nodes = [node("start", "input"), node("each", "map", {"on_item_error": "skip", "concurrency": 1}), *inner, node("end", "output")]
    edges = [edge("start", "each"), edge("each.item", "look"), edge("look", "ask", condition="output > 0")]
    edges += [edge("look", "sure", condition="output > 0"), edge("sure.approve", "broken"), edge("broken", "each.result")]
    edges += [edge("ask.approve", "each.result"), edge("look", "each.result", otherwise=True), edge("each", "end")]
    rig = Bench(graph(nodes, edges))
    await rig.go([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2])
    runner = rig.runner()
    assert runner.deliver(Path("each#1/item.1/sure#1/human.1"), APPROVED, "ann", "7")
    await rig.go(None, runner)
    return rig


async def handled_error() -> Bench:
    """A failure leaves by the error port; the other way is skipped."""
    nodes = [node("start", "input"), node("check", "transform", {"expression": "input.n"}, on_error="port")]
    nodes += [node("good", "output"), node("bad", "output", {"value": "input.code"})]
    rig = Bench(graph(nodes, [edge("start", "check"), edge("check", "good"), edge("check.error", "bad")]))
    await rig.go({})
    return rig


async def channels() -> Bench:
    """Each reducer takes values in, over three rounds of a loop."""
    reducers = ("last", "append", "extend", "merge", "sum", "max", "min")
    kept = {name: {"reducer": name} for name in reducers} | {"begun": {"reducer": "sum", "initial": 10}}
    writes = dict.fromkeys(("last", "append", "sum", "max", "min", "begun"), "output")
    writes |= {"extend": "[output, -output]", "merge": "{'n': output}"}
    nodes = [node("start", "input"), node("count", "transform", {"expression": "input + 1"}, writes=writes), node("end", "output")]
    back = edge("count", "count", condition="output < 3", max_iterations=5)
    rig = Bench(graph(nodes, [edge("start", "count"), back, edge("count", "end", otherwise=True)], channels=kept))
    await rig.go(0)
    return rig


async def routed() -> Bench:
    routes = [{"name": "small", "condition": "input < 10"}, {"name": "big"}]
    nodes = [node("start", "input"), node("pick", "router", {"routes": routes}), node("s", "output"), node("b", "output")]
    rig = Bench(graph(nodes, [edge("start", "pick"), edge("pick.small", "s"), edge("pick.big", "b")]))
    await rig.go(3)
    return rig


async def slept() -> Bench:
    rig = Bench(graph([node("start", "input"), node("w", "wait", {"seconds": 3600}), node("end", "output")], path("start", "w", "end")))
    await rig.go("x")
    rig.clock.time_us += 3_700_000_000
    await rig.go("x")
    return rig


async def refused() -> Bench:
    model = ScriptedModel([calls(("note", "{}")), says("without it")])
    rig = Bench(
        one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _: ""}), authority=FixedAuthority({"note": Verdict.DENY})
    )
    await rig.go("task")
    return rig


async def unknown_outcome() -> Bench:
    """A worker is lost inside an unsafe call: a person is asked whether it happened."""
    document = graph([node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("end", "output")], path("start", "pay", "end"))
    whole = Bench(document, tools=MemoryTools({"pay": lambda _: "paid"}, safety=Safety.UNSAFE))
    await whole.finish()
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started")
    rig = Bench(document, tools=whole.tools, clock=whole.clock)
    rig.log.events = whole.log.events[: begun + 1]
    await rig.go()
    return rig


async def unknown_then_again() -> Bench:
    rig = await unknown_outcome()
    await answer(rig, {"action": "again", "value": None, "comment": "it is not in the books"})
    return rig


@dataclass
class Struggling(ScriptedModel):
    """A provider that fails twice before it answers, or for good."""

    for_good: bool = False

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        busy = ErrorInfo(code=ErrorCode.MODEL_RATE_LIMITED, message="The provider answered 429.", cure="Wait.", retryable=True)
        cut = ErrorInfo(code=ErrorCode.MODEL_STREAM_CUT, message="The answer broke off.", cure="Try again.", retryable=True)
        call.on_failed_attempt(FailedAttempt(1, busy, 0.5))
        call.on_failed_attempt(FailedAttempt(2, cut, 1.25, Usage(input_tokens=7, output_tokens=3, cost_nano_usd=11, estimated=True)))
        if self.for_good:
            failure = ModelError("The answer broke off.", code=ErrorCode.MODEL_STREAM_CUT)
            failure.usage = Usage(input_tokens=7, cost_nano_usd=5)
            raise failure
        return await super().complete(request, call)


async def call_used_again() -> Bench:
    """The call succeeded, its agent failed after it: the next attempt takes the result."""
    model = ScriptedModel([calls(("pay", "{}")), ModelError("down"), calls(("pay", "{}")), says("paid once")])
    nodes = [node("start", "input"), node("help", "agent", {"agent": "helper"}, retry=TWICE), node("end", "output")]
    agents = {"helper": {"name": "Helper", "model": "scripted", "tools": ["pay"]}}
    document = graph(nodes, path("start", "help", "end"), agents=agents)
    rig = Bench(document, model=model, tools=MemoryTools({"pay": lambda _: "receipt"}, safety=Safety.UNSAFE))
    await rig.go("task")
    return rig


async def call_cut_off_by_a_failure() -> Bench:
    """An item fails while another pays: a person says what became of it, then the map is tried again."""
    failures, paying = iter([True]), asyncio.Event()

    async def check(arguments: dict[str, Json]) -> Json:
        if arguments["n"] == 2 and next(failures, False):
            await paying.wait()
            raise ToolError("bad item")
        return "fine"

    async def pay(_arguments: dict[str, Json]) -> Json:
        paying.set()
        await asyncio.sleep(60)
        return None

    nodes = [node("start", "input"), node("each", "map", retry=TWICE), node("end", "output")]
    nodes += [node("check", "tool", {"tool": "check", "arguments": {"n": "{{ item }}"}}, parent="each")]
    nodes += [node("pay", "tool", {"tool": "pay"}, parent="each")]
    edges = [edge("start", "each"), edge("each.item", "check"), edge("check", "pay"), edge("pay", "each.result"), edge("each", "end")]
    rig = Bench(graph(nodes, edges), tools=MemoryTools({"check": check, "pay": pay}, safety=Safety.UNSAFE))
    await rig.go([1, 2])
    rig.tools.functions["pay"] = lambda _: "paid"
    await answer(rig, {"action": "happened", "value": "receipt", "comment": ""})
    return rig


async def refused_after_takeover() -> Bench:
    """The right was taken away while the worker was dead."""
    document = graph([node("start", "input"), node("look", "tool", {"tool": "look"}), node("end", "output")], path("start", "look", "end"))
    whole = Bench(document, tools=MemoryTools({"look": lambda _: "seen"}, safety=Safety.IDEMPOTENT))
    await whole.finish()
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started")
    rig = Bench(document, tools=whole.tools, clock=whole.clock, authority=FixedAuthority({"look": Verdict.DENY}))
    rig.log.events = whole.log.events[: begun + 1]
    await rig.go()
    return rig


async def failed_attempts() -> Bench:
    rig = Bench(one_agent(), model=Struggling([says("at last")]))
    await rig.go("task")
    return rig


async def failed_for_good() -> Bench:
    rig = Bench(one_agent(), model=Struggling(for_good=True))
    await rig.go("task")
    return rig


async def repeated_call() -> Bench:
    """A worker is lost inside a model call: it is made again, by another build and in other words."""
    lost = Bench(one_agent(), model=ScriptedModel([says("done")]), build="1.0")
    await lost.finish("task")
    begun = next(index for index, event in enumerate(lost.log.events) if event.type == "effect_started")
    rig = Bench(one_agent(instructions="Be very brief."), model=ScriptedModel([says("done")]), clock=lost.clock, build="2.0")
    rig.log.events = lost.log.events[: begun + 1]
    await rig.finish("task")
    return rig


async def adopted() -> Bench:
    """A later build words the agent's instructions in another way, between two model calls."""
    tools = MemoryTools({"note": lambda _: "noted"})
    before = Bench(one_agent(tools=["note"]), model=ScriptedModel([calls(("note", "{}")), says("done")]), tools=tools, build="1.0")
    await before.finish("task")
    answered = [index for index, event in enumerate(before.log.events) if event.type == "effect_finished"][1]
    rig = Bench(one_agent(tools=["note"], instructions="Be very brief."), model=ScriptedModel([says("done")]), tools=tools, build="2.0")
    rig.log.events, rig.clock = before.log.events[: answered + 1], before.clock
    await rig.finish("task")
    return rig


async def paused_and_resumed() -> Bench:
    rig = await waiting()
    runner = rig.runner()
    runner.pause("ann")
    await rig.go(3, runner)
    runner = rig.runner()
    runner.unpause("ann")
    await rig.go(3, runner)
    await answer(rig, APPROVED)
    return rig


async def limit_exceeded() -> Bench:
    rig = Bench(loop(50).model_copy(update={"limits": loop(50).limits.model_copy(update={"max_steps": 4})}))
    await rig.go(0)
    return rig


async def cancelled() -> Bench:
    rig = await waiting()
    runner = rig.runner()
    runner.cancel("ann", "not needed")
    await rig.go(3, runner)
    return rig


def planner(strategy: dict[str, Json], answer_with: Callable[[ModelRequest], Reply], **agent: Json) -> Bench:
    return Bench(
        one_agent(strategy=strategy, **agent), model=ScriptedModel(answer=answer_with), tools=MemoryTools({"note": lambda given: given})
    )


async def thought_aloud() -> Bench:
    """Each use of a tool comes with a thought; one without it is corrected."""
    script = [calls(("note", "{}")), calls(("note", '{"thought": "I do not know yet.", "n": 1}')), says("done")]
    rig = Bench(
        one_agent(tools=["note"], strategy={"type": "react"}), model=ScriptedModel(script), tools=MemoryTools({"note": lambda given: given})
    )
    await rig.go("task")
    return rig


async def planned_and_told() -> Bench:
    """A person looks at the plan, says something to the agent and changes the plan; after the next step nothing is left of it."""

    def reply(request: ModelRequest) -> Reply:
        if request.output_schema is None:
            return says("found")
        again = "finished" in str(request.output_schema)
        return says('{"why": "enough", "finished": true, "steps": []}' if again else '{"steps": ["look", "ask"]}')

    rig = planner({"type": "plan_and_execute", "review": "first"}, reply)
    await rig.go("task")
    runner = rig.runner()
    runner.tell(Path("help#1"), "Mind the price.", "ann", "7")
    assert runner.deliver(runner.state.waiting()[0], {"action": "edit", "value": {"steps": ["look twice", "ask"]}}, "ann", "7")
    await rig.go(None, runner)
    return rig


async def thought_over() -> Bench:
    """Two depths of a tree: of two thoughts one is kept."""

    def reply(request: ModelRequest) -> Reply:
        asked = request.messages[-1].text
        if request.output_schema is None:
            return says("24")
        if "thoughts" in str(request.output_schema["properties"]):
            return says('{"thoughts": ["good", "bad"]}')
        return says(f'{{"why": "", "value": "{"sure" if asked.endswith("good") else "impossible"}"}}')

    rig = planner({"type": "tree_of_thoughts", "depth": 2, "breadth": 1, "thoughts": 2}, reply)
    await rig.go("task")
    return rig


async def reflected() -> Bench:
    """The first answer is not good enough, the second is."""

    def reply(request: ModelRequest) -> Reply:
        words = " ".join(message.text for message in request.messages)
        learnt = "Say the year." in words
        if request.output_schema is None:
            return says("in May 2026" if learnt else "in May")
        good = "in May 2026" in words
        return says(f'{{"critique": "c", "good": {str(good).lower()}, "score": {0.9 if good else 0.2}, "lesson": "Say the year."}}')

    rig = planner({"type": "reflection"}, reply)
    await rig.go("When?")
    return rig


async def summarised() -> Bench:
    """The oldest of a conversation is summarised away, and what was learnt is kept."""
    short: Json = {"keep": "tokens", "tokens": 100, "overflow": "summarise"}
    rig = Bench(
        one_agent(tools=["note"], memory={"short_term": short, "long_term": {"on": True, "write": "answer"}}),
        model=ScriptedModel([calls(("note", '{"n": 1}')), calls(("note", '{"n": 2}')), says("Noted once."), says("done")]),
        tools=MemoryTools({"note": lambda _: "a long note " * 18}),
    )
    await rig.go("task")
    return rig


SCENARIOS: tuple[Scenario, ...] = (
    summarised,
    thought_aloud,
    planned_and_told,
    thought_over,
    reflected,
    tool_round,
    answered,
    waiting,
    looped,
    fanned,
    failed_item,
    retried_then_failed,
    retried_then_succeeded,
    retry_in_map_with_person,
    item_cut_off,
    handled_error,
    channels,
    routed,
    slept,
    refused,
    unknown_outcome,
    unknown_then_again,
    call_used_again,
    call_cut_off_by_a_failure,
    refused_after_takeover,
    failed_attempts,
    failed_for_good,
    repeated_call,
    adopted,
    paused_and_resumed,
    limit_exceeded,
    cancelled,
)
