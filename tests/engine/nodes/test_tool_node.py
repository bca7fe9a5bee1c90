"""A tool node: how its arguments are filled, what is checked before the call, and what the gate is asked."""

from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import GateRequest, GateSubject, Verdict
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from orchestrator.engine.log.status import EffectStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools
from tests.graphs import graph, node, path


def calling(arguments: dict[str, Any] | None = None, **rest: Any) -> Graph:
    params = {"tool": "pay", "arguments": arguments or {}}
    return graph([node("start", "input"), node("x", "tool", params, **rest), node("end", "output")], path("start", "x", "end"))


class Strict(MemoryTools):
    """A tool that wants a number."""

    def spec(self, name: str) -> ToolSpec | None:
        spec = super().spec(name)
        wanted: dict[str, Json] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        return spec and spec.model_copy(update={"parameters": wanted})


def echo() -> MemoryTools:
    return MemoryTools({"pay": lambda arguments: dict(arguments)})


INPUT: Json = {"n": 3, "text": "hi", "list": [1, 2], "none": None}


@pytest.mark.parametrize(
    ("written", "called_with"),
    [
        ("plain", "plain"),
        ("{{ input.n }}", 3),
        ("  {{ input.n }}  ", 3),
        ("{{input.list}}", [1, 2]),
        ("{{ input.none }}", None),
        ("{{ input }}", INPUT),
        ("n={{ input.n }}", "n=3"),
        ("{{ input.n }}{{ input.n }}", "33"),
        ("{{ input.n }} and {{ input.list }}", "3 and [1, 2]"),
        ("{{ input.none }}.", "null."),
        ({"a": ["{{ input.n }}", {"b": "{{ input.text }}!"}]}, {"a": [3, {"b": "hi!"}]}),
        (7, 7),
        (None, None),
        (True, True),
        (["{{ input.n }}"], [3]),
    ],
)
async def test_placeholders_in_arguments_are_filled_wherever_they_stand(written: Json, called_with: Json) -> None:
    rig = Bench(calling({"value": written}), tools=echo())
    assert (await rig.finish(INPUT)).output == {"value": called_with}
    assert rig.tools.calls[0].arguments == {"value": called_with}


async def test_names_of_arguments_are_no_templates() -> None:
    assert (await Bench(calling({"{{ input }}": 1}), tools=echo()).finish("x")).output == {"{{ input }}": 1}


async def test_placeholder_that_fails_fails_the_node_before_the_call() -> None:
    rig = Bench(calling({"value": "{{ input.missing }}"}), tools=echo())
    state = await rig.finish({"n": 1})
    assert state.error is not None and state.error.code == ErrorCode.EXPRESSION_FAILED
    assert (rig.tools.calls, state.effects) == ([], {})


async def test_tool_that_is_not_there_says_so() -> None:
    state = await Bench(calling(), tools=MemoryTools()).finish()
    assert state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.TOOL_FAILED, "There is no tool 'pay'")
    assert (state.error.cure, state.error.path) == ("Choose a tool that exists.", "x#1")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [({}, '"n" is a required property'), ({"n": "x"}, 'at n: "x" is not of type "integer"')],
)
async def test_arguments_that_do_not_fit_are_refused_before_anybody_is_asked(arguments: dict[str, Json], fault: str) -> None:
    rig = Bench(calling(arguments, retry={"attempts": 3, "initial_s": 0}), tools=Strict({"pay": lambda _: "paid"}))
    state = await rig.finish()
    assert state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.INVALID_PARAMS, f"The arguments of pay do not fit: {fault}")
    assert state.error.cure == "Correct the arguments."
    assert (rig.tools.calls, rig.authority.asked, state.effects) == ([], [], {})
    assert not [event for event in rig.log.events if event.type == "node_retrying"], "they would not fit the next time either"


async def test_gate_is_asked_as_for_what_a_person_drew() -> None:
    rig = Bench(calling({"n": 1}), tools=echo())
    await rig.finish()
    assert rig.authority.asked == [GateRequest(subject=GateSubject.TOOL, name="pay", agent="", own_tools=None, arguments={"n": 1})]


@pytest.mark.parametrize("safety", list(Safety))
async def test_call_is_recorded_with_what_it_asked_who_allowed_it_and_how_safe_it_is(safety: Safety) -> None:
    tools = MemoryTools({"pay": lambda _: "paid"}, safety=safety)
    rig = Bench(calling({"n": 1}), tools=tools, authority=FixedAuthority({"pay": Verdict.ALLOW}))
    [(place, effect)] = (await rig.finish()).effects.items()
    assert (place, effect.kind, effect.name, effect.agent, effect.safety) == ("x#1/tool.1", "tool", "pay", "", safety)
    assert (effect.request, effect.result, effect.status) == ({"tool": "pay", "arguments": {"n": 1}}, "paid", EffectStatus.SUCCEEDED)
    assert effect.gate is not None and (effect.gate.verdict, effect.gate.rule) == (Verdict.ALLOW, "pay")
    assert (effect.idempotency_key, effect.usage, effect.attempts) == (rig.tools.contexts[0].idempotency_key, None, 1)


async def test_refusal_says_who_decided_and_by_which_rule() -> None:
    state = await Bench(calling(), tools=echo(), authority=FixedAuthority({"pay": Verdict.DENY})).finish()
    assert state.error is not None
    assert (state.error.code, state.error.message) == (ErrorCode.REFUSED, "Not allowed (decided by policy, rule pay)")
    assert (state.error.cure, state.error.path) == (
        "Ask an administrator to allow it in the policy or to grant it to the agent.",
        "x#1/tool.1",
    )
