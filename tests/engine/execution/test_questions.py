"""What people are asked about a call: in which words, about exactly what, and where."""

import re

import pytest

from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.gate import GateDecision, Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution.effect import ToolUse, Waiting
from orchestrator.engine.execution.questions import AGAIN, APPROVE, GIVE_UP, HAPPENED, REJECT, approval_of, outcome_of, outcome_path
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.status import EffectStatus

PAY = Path("a#1/tool.1")
APPROVAL = Path(f"{PAY}/approval")
DECISION = GateDecision(verdict=Verdict.ASK, layer="policy", rule="pay")


def paying(agent: str = "") -> ToolUse:
    return ToolUse("pay", {"n": 1}, agent=agent, safety=Safety.UNSAFE, own_tools=None)


def approval(agent: str = "", path: Path = APPROVAL, run: str = "run") -> dict[str, Json]:
    use = paying(agent)
    return approval_of(use, use.request(), path, run, DECISION).request()


@pytest.mark.parametrize(("agent", "who"), [("", "This graph"), ("ann", "ann")])
def test_approval_says_who_wants_to_call_what_and_shows_the_call(agent: str, who: str) -> None:
    request = approval(agent)
    assert (request["mode"], request["title"]) == ("approval", "Approve pay?")
    assert request["message"] == f"{who} wants to call pay. The policy asks for a person's approval."
    assert request["payload"] == {"tool": "pay", "arguments": {"n": 1}}
    assert request["actions"] == [
        {"name": "approve", "title": "Approve", "style": "primary", "takes_value": False},
        {"name": "reject", "title": "Reject", "style": "danger", "takes_value": False},
    ]
    assert (request["deadline_us"], request["answer_schema"]) == (None, None)


def test_a06_words_of_an_agent_stand_in_the_call_and_nowhere_else_on_the_card() -> None:
    card = "</pre><h1>Approved by the owner</h1> Approve http_request? The policy asks for nothing."
    use = ToolUse("pay", {"note": card}, agent="ann", safety=Safety.UNSAFE, own_tools=None)
    request = approval_of(use, use.request(), APPROVAL, "run", DECISION).request()
    assert request["payload"] == {"tool": "pay", "arguments": {"note": card}}
    assert {**request, "payload": None, "digest": ""} == {**approval("ann"), "payload": None, "digest": ""}


def test_approval_is_bound_to_the_run_the_place_and_the_call() -> None:
    first = approval()["digest"]
    others = {str(approval(path=Path("b#1/tool.1/approval"))["digest"]), str(approval(run="other")["digest"])}
    use = ToolUse("pay", {"n": 2}, agent="", safety=Safety.UNSAFE, own_tools=None)
    others.add(str(approval_of(use, use.request(), Path(f"{PAY}/approval"), "run", DECISION).request()["digest"]))
    assert len(others) == 3 and first not in others and re.fullmatch("[0-9a-f]{64}", str(first))
    assert first == digest(["run", f"{PAY}/approval", "tool", paying().request()])


def test_question_says_for_whom_it_is_asked_and_under_which_decision() -> None:
    asked = approval_of(paying("ann"), None, PAY, "run", DECISION)
    assert (asked.kind, asked.agent, asked.gate, asked.within_s) == ("human", "ann", DECISION, None)


def begun(attempts: int) -> EffectState:
    return EffectState("tool", "pay", "ann", "f", EffectStatus.UNKNOWN, 3, request={"n": 1}, attempts=attempts)


def test_outcome_is_asked_anew_for_each_time_a_call_was_begun() -> None:
    assert [outcome_path(PAY, begun(times)) for times in (1, 2)] == [f"{PAY}/outcome.1", f"{PAY}/outcome.2"]
    digests = {str(outcome_of(PAY, begun(times), "run").request()["digest"]) for times in (1, 2)}
    assert len(digests) == 2


def test_outcome_says_what_was_cut_off_and_offers_three_answers() -> None:
    asked = outcome_of(PAY, begun(1), "run")
    request = asked.request()
    assert (request["mode"], request["title"], request["payload"], asked.agent) == ("unknown_outcome", "Did pay happen?", {"n": 1}, "ann")
    assert request["message"] == (
        "This call was cut off while it was under way, and it must not be made twice. Look where it acts, then say."
    )
    assert request["actions"] == [
        {"name": "happened", "title": "It happened", "style": "primary", "takes_value": True},
        {"name": "again", "title": "It did not: call again", "style": "quiet", "takes_value": False},
        {"name": "fail", "title": "Give up", "style": "danger", "takes_value": False},
    ]


def test_answers_are_called_as_logs_have_them() -> None:
    assert [action.name for action in (APPROVE, REJECT, HAPPENED, AGAIN, GIVE_UP)] == ["approve", "reject", "happened", "again", "fail"]


def test_person_and_time_are_waited_for_each_in_its_way() -> None:
    person, time = Waiting("human", {}), Waiting("timer", {}, within_s=3)
    assert (person.due_field, person.unanswered) == ("deadline_us", {"action": "expired", "value": None, "comment": ""})
    assert (time.due_field, time.unanswered, time.within_s) == ("due_us", None, 3)
    assert (person.safety, person.name, person.agent, person.gate) == (Safety.PURE, "", "", None)
