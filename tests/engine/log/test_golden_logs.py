"""Recorded runs that Python and the browser must fold to the same state.

Each scenario is run with a clock by hand, so its log is the same on every machine. A log
that changes on purpose is written anew with GOLDEN=write.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import run_event
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, ScriptedModel, calls, says
from tests.graphs import approval, edge, fan, graph, loop, node, one_agent, path

FOLDER = Path(__file__).parents[2] / "event_logs"


async def tool_round() -> Bench:
    rig = Bench(
        one_agent(tools=["note"]),
        model=ScriptedModel([calls(("note", "{}")), says("done")]),
        tools=MemoryTools({"note": lambda _: "noted"}),
    )
    await rig.go("task")
    return rig


async def answered() -> Bench:
    rig = Bench(approval(payload="input"))
    await rig.go(3)
    runner = rig.runner()
    runner.deliver(runner.state.waiting()[0], {"action": "approve", "value": None, "comment": "fine"}, "ann")
    await rig.go(3, runner)
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


async def retried_then_failed() -> Bench:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise RuntimeError("broken")

    nodes = [node("start", "input"), node("call", "tool", {"tool": "broken"}, retry={"attempts": 2, "initial_s": 0}), node("end", "output")]
    rig = Bench(graph(nodes, path("start", "call", "end")), tools=MemoryTools({"broken": broken}))
    await rig.go()
    return rig


async def refused() -> Bench:
    model = ScriptedModel([calls(("note", "{}")), says("without it")])
    rig = Bench(
        one_agent(tools=["note"]), model=model, tools=MemoryTools({"note": lambda _: ""}), authority=FixedAuthority({"note": Verdict.DENY})
    )
    await rig.go("task")
    return rig


async def unknown_outcome() -> Bench:
    document = graph([node("start", "input"), node("pay", "tool", {"tool": "pay"}), node("end", "output")], path("start", "pay", "end"))
    whole = Bench(document, tools=MemoryTools({"pay": lambda _: "paid"}, safety=Safety.UNSAFE))
    await whole.finish()
    begun = next(index for index, event in enumerate(whole.log.events) if event.type == "effect_started")
    rig = Bench(document, tools=whole.tools, clock=whole.clock)
    rig.log.events = whole.log.events[: begun + 1]
    await rig.go()
    return rig


async def cancelled() -> Bench:
    rig = await waiting()
    runner = rig.runner()
    runner.cancel("ann", "not needed")
    await rig.go(3, runner)
    return rig


SCENARIOS: list[Callable[[], Awaitable[Bench]]] = [
    tool_round,
    answered,
    waiting,
    looped,
    fanned,
    failed_item,
    retried_then_failed,
    refused,
    unknown_outcome,
    cancelled,
]


def summary(state: RunState) -> dict[str, object]:
    """What both folds must agree on."""
    nodes = {
        scope: {name: str(acts[max(acts)].status) for name, acts in inner.activations.items()}
        for scope, inner in state.scopes.items()
        if inner.activations
    }
    usage = state.usage
    return {
        "status": str(state.status),
        "last_seq": state.last_seq,
        "usage": {
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_nano_usd": usage.cost_nano_usd,
            "repeated": usage.repeated,
        },
        "effects": {path: str(effect.status) for path, effect in state.effects.items()},
        "nodes": nodes,
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_recorded_run_folds_to_what_is_written_beside_it(scenario: Callable[[], Awaitable[Bench]]) -> None:
    file = FOLDER / f"{scenario.__name__}.json"
    rig = await scenario()
    events = [event.model_dump(mode="json") for event in rig.log.events]
    if os.environ.get("GOLDEN") == "write":
        file.write_text(json.dumps({"events": events, "expected": summary(fold(rig.log.events))}, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(file.read_text(encoding="utf-8"))
    assert events == recorded["events"]
    assert summary(fold(run_event.validate_python(event) for event in recorded["events"])) == recorded["expected"]
