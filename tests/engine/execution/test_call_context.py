"""What models and tools are told of a call: on whose behalf, under which key, for which time."""

import asyncio
from dataclasses import dataclass, field

from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.digest import digest, fingerprint
from orchestrator.engine.effects.gate import GateDecision, GateRequest
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ModelCall
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, ScriptedModel, calls, says
from tests.engine.execution.test_concurrent_calls import about, foreign, use
from tests.graphs import edge, graph, node, one_agent, path


@dataclass
class Listening(ScriptedModel):
    contexts: list[CallContext] = field(default_factory=list)

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        self.contexts.append(call)
        return await super().complete(request, call)


def told(call: CallContext) -> tuple[str, str, str, str, int]:
    return call.run_id, call.path, call.agent, call.tenant, call.attempt


async def test_a_call_says_on_whose_behalf_it_is_made() -> None:
    model = Listening([calls(("note", "{}")), says("done")])
    rig = Bench(one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _: "noted"}))
    await rig.finish("task")
    assert [told(call) for call in model.contexts] == [
        ("run", "help#1/model.1", "helper", "tenant", 1),
        ("run", "help#1/model.2", "helper", "tenant", 1),
    ]
    assert told(rig.tools.contexts[0]) == ("run", "help#1/turn.1.call.0/tool.1", "helper", "tenant", 1)
    assert len({call.idempotency_key for call in (*model.contexts, *rig.tools.contexts)}) == 3


async def test_a_call_that_is_begun_again_says_so_under_the_same_key() -> None:
    model = Listening([says("lost"), says("done")])
    rig = Bench(one_agent(), model=model)
    await rig.finish("task")
    begun = next(index for index, event in enumerate(rig.log.events) if event.type == "effect_started")
    rig.log.events = rig.log.events[: begun + 1]
    await rig.finish("task")
    first, second = model.contexts
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.idempotency_key == second.idempotency_key != ""


async def test_like_requests_of_two_nodes_have_keys_of_their_own() -> None:
    model = Listening(answer=lambda _request: says("done"))
    nodes = [
        node("start", "input"),
        node("one", "agent", {"agent": "helper"}),
        node("two", "agent", {"agent": "helper"}),
        node("end", "output"),
    ]
    edges = [edge("start", "one"), edge("start", "two"), edge("one", "end"), edge("two", "end")]
    await Bench(graph(nodes, edges, agents={"helper": {"name": "Helper", "model": "scripted"}}), model=model).finish("task")
    assert model.requests[0] == model.requests[1]
    assert len({call.idempotency_key for call in model.contexts}) == 2


async def test_like_requests_of_one_attempt_have_keys_of_their_own_and_another_attempt_has_the_same_keys() -> None:
    async def twice(ctx: NodeContext) -> Json:
        replies = [await ctx.ask_model(about("it"), "helper") for _ in range(2)]
        if len(model.requests) == 2:
            raise RuntimeError("once more")
        return replies[1].message.text

    model = Listening(answer=lambda _request: says("done"))
    with registered(foreign(twice)):
        document = graph([node("f", "foreign", retry={"attempts": 2, "initial_s": 0}), node("end", "output")], path("f", "end"))
        state = await Bench(document, model=model).finish()
    keys = [call.idempotency_key for call in model.contexts]
    proof = fingerprint("model", "scripted", ModelCall(about("it"), "helper").request())
    made = [digest(["run", "/f#1", proof, number])[:40] for number in (1, 2)]
    assert (state.output, keys) == ("done", made * 2), "whatever build goes on with the run makes the same ones"


async def test_like_calls_that_are_made_at_once_have_keys_of_their_own() -> None:
    async def at_once(ctx: NodeContext) -> Json:
        calls = ctx.concurrent()
        return list(await asyncio.gather(*(calls.perform(use("look", "it")) for _ in range(3))))

    class Slow(FixedAuthority):
        async def decide(self, request: GateRequest) -> GateDecision:
            await asyncio.sleep(0)
            return await super().decide(request)

    with registered(foreign(at_once)):
        document = graph([node("f", "foreign"), node("end", "output")], path("f", "end"))
        rig = Bench(document, tools=MemoryTools({"look": lambda _: "seen"}), authority=Slow())
        assert (await rig.finish()).output == ["seen"] * 3
    assert len({call.idempotency_key for call in rig.tools.contexts}) == 3


async def test_what_is_streamed_is_shown_at_the_path_of_the_call() -> None:
    rig = Bench(one_agent(), model=Listening([says("done")]))
    await rig.finish("task")
    assert rig.log.deltas == [("help#1/model.1", "done")]
