"""Effects as data: what a message says, what usage can be believed, what tools and questions are by default, and who passes the gate."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject, Verdict, pass_gate
from orchestrator.engine.effects.human import EXPIRED, HumanAction, HumanAnswer, HumanRequest
from orchestrator.engine.effects.model import (
    MOST_NANO_USD,
    MOST_TOKENS,
    Message,
    ModelReply,
    ModelRequest,
    Role,
    TextPart,
    ToolRequest,
    Usage,
    text_parts,
)
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import FixedAuthority

SPEC: dict[str, Any] = {"name": "pay", "description": "Pays", "parameters": {}}


def test_message_says_what_its_parts_say() -> None:
    assert text_parts("") == () and text_parts("hi") == (TextPart(type="text", text="hi"),)
    assert Message(role=Role.USER, content=(*text_parts("a"), *text_parts("b"))).text == "ab"
    assert Message(role=Role.ASSISTANT).text == ""


@given(*[st.integers(-(10**25), 10**25)] * 4)
def test_usage_is_believed_only_within_what_can_be(tokens_in: int, tokens_out: int, cached: int, cost: int) -> None:
    said = Usage(input_tokens=tokens_in, output_tokens=tokens_out, cached_tokens=cached, cost_nano_usd=cost)
    believed = said.bounded()
    counts = (believed.input_tokens, believed.output_tokens, believed.cached_tokens)
    assert all(0 <= count <= MOST_TOKENS for count in counts) and 0 <= believed.cost_nano_usd <= MOST_NANO_USD
    assert believed.bounded() == believed
    within = all(0 <= count <= MOST_TOKENS for count in (tokens_in, tokens_out, cached)) and 0 <= cost <= MOST_NANO_USD
    assert (believed is said) is within and believed.estimated is not within


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens", "cached_tokens"])
def test_the_most_is_believed_and_one_more_is_not(field: str) -> None:
    most = Usage.model_validate({field: MOST_TOKENS})
    assert most.bounded() is most
    more = Usage.model_validate({field: MOST_TOKENS + 1, "priced": False}).bounded()
    assert more == Usage.model_validate({field: MOST_TOKENS, "estimated": True, "priced": False})
    none = Usage.model_validate({field: -1}).bounded()
    assert none == Usage(estimated=True)
    cost = Usage(cost_nano_usd=MOST_NANO_USD)
    assert cost.bounded() is cost and Usage(cost_nano_usd=MOST_NANO_USD + 1).bounded().cost_nano_usd == MOST_NANO_USD


def test_bounds_fit_the_columns_of_databases() -> None:
    """Sums over ten thousand calls of one run fit 64 bits."""
    assert (MOST_TOKENS, MOST_NANO_USD) == (10**9, 10**15)
    assert 9_000 * MOST_NANO_USD < 2**63


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a", True),
        ("A-b_9", True),
        ("a" * 64, True),
        ("", False),
        ("1a", False),
        ("_a", False),
        ("a.b", False),
        ("a b", False),
        ("a" * 65, False),
    ],
)
def test_tool_has_a_name_that_every_provider_takes(name: str, fits: bool) -> None:
    if fits:
        assert ToolSpec.model_validate(SPEC | {"name": name}).name == name
    else:
        with pytest.raises(ValidationError):
            ToolSpec.model_validate(SPEC | {"name": name})


def test_tool_of_which_nothing_is_said_is_unsafe() -> None:
    spec = ToolSpec.model_validate(SPEC)
    assert (spec.safety, spec.timeout_s, spec.title) == (Safety.UNSAFE, 30.0, "")
    with pytest.raises(ValidationError):
        ToolSpec.model_validate(SPEC | {"timeout_s": 0})


def test_what_is_not_said_of_a_question_and_an_answer_is_assumed() -> None:
    action = HumanAction(name="ok", title="OK")
    assert (action.style, action.takes_value) == ("quiet", True)
    asked = HumanRequest(mode="review", title="t", actions=(action,))
    assert asked.model_dump(include={"message", "payload", "answer_schema", "digest", "deadline_us"}) == {
        "message": "",
        "payload": None,
        "answer_schema": None,
        "digest": "",
        "deadline_us": None,
    }
    assert HumanAnswer(action="ok").model_dump() == {"action": "ok", "value": None, "comment": ""} and EXPIRED == "expired"


def test_what_is_not_said_of_a_model_call_is_assumed() -> None:
    request = ModelRequest(model="m", messages=())
    assert request.model_dump(exclude={"model", "messages"}) == {
        "tools": (),
        "output_schema": None,
        "temperature": None,
        "max_output_tokens": None,
        "timeout_s": 120.0,
    }
    reply = ModelReply(message=Message(role=Role.ASSISTANT), model="m", finish="stop")
    assert (reply.demo, reply.usage) == (False, Usage())
    assert Usage().model_dump() == {
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "cost_nano_usd": 0,
        "priced": True,
        "estimated": False,
    }


@pytest.mark.parametrize(
    "part",
    [
        ToolSpec.model_validate(SPEC),
        HumanAction(name="a", title="A"),
        HumanAnswer(action="a"),
        Message(role=Role.USER),
        Usage(),
        ToolRequest(id="1", name="a", arguments="{}"),
        GateDecision(verdict=Verdict.ALLOW),
        ToolCall(tool="a", arguments={}),
    ],
    ids=lambda part: type(part).__name__,
)
def test_data_of_an_effect_is_never_changed_and_takes_nothing_unknown(part: BaseModel) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, next(iter(type(part).model_fields)), None)
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(part).model_validate(part.model_dump() | {"surprise": 1})
    assert type(part).model_validate_json(part.model_dump_json()) == part


def request(subject: GateSubject, own_tools: tuple[str, ...] | None) -> GateRequest:
    return GateRequest(subject=subject, name="pay", agent="ann", own_tools=own_tools)


@pytest.mark.parametrize(
    ("subject", "own_tools", "asked"),
    [
        (GateSubject.TOOL, ("pay", "note"), True),
        (GateSubject.TOOL, ("note",), False),
        (GateSubject.TOOL, (), False),
        (GateSubject.TOOL, None, True),
        (GateSubject.MODEL, (), True),
        (GateSubject.MODEL, None, True),
    ],
)
async def test_host_is_asked_about_what_the_agents_own_list_does_not_forbid(
    subject: GateSubject, own_tools: tuple[str, ...] | None, asked: bool
) -> None:
    authority = FixedAuthority({"pay": Verdict.ASK})
    decision = await pass_gate(request(subject, own_tools), authority)
    if asked:
        assert (decision.verdict, authority.asked) == (Verdict.ASK, [request(subject, own_tools)])
    else:
        assert decision == GateDecision(
            verdict=Verdict.DENY, layer="tool_list", rule="tools", reason="Agent 'ann' does not have tool 'pay' on its list"
        )
        assert authority.asked == []


def test_decision_of_which_nothing_is_said_is_that_of_no_rule() -> None:
    decision = GateDecision(verdict=Verdict.ALLOW)
    assert (decision.layer, decision.rule, decision.reason, decision.policy_version) == ("default", "", "", None)
