"""Answers: one is accepted, it is taken, and a value is used or refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from runs.control.answers import answer
from runs.control.problems import AlreadyDecided, AnotherCall, InvalidAnswer, NotWaiting
from runs.models import Approval, Command, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.problems import ApiProblem, Forbidden
from tenants.roles import MemberRole
from tests.runs.factories import World, member, world

pytestmark = pytest.mark.usefixtures("database", "broker")
PATH = "ask#1/human.1"
SHOWN = "d" * 64


@pytest.fixture
def place(database: Any) -> World:
    return world()


def ask(place: World, *, deadline: Any = None, **request: Any) -> Run:
    """A run that waits at PATH."""
    run = place.run("x", status="waiting", due_at=None)
    asked = {"mode": "review", "title": "?", "payload": "Hello", "actions": [{"name": "approve"}], **request}
    with system_scope():
        Approval.objects.create(tenant=place.tenant, run=run, path=PATH, request=asked, digest=SHOWN, deadline=deadline)
    return run


def say(place: World, run: Run, action: str = "approve", value: Any = None) -> str:
    """The code of the refusal, or nothing."""
    try:
        with tenant_scope(place.tenant.pk):
            answer(run=run, by=place.user, path=PATH, action=action, value=value, digest=SHOWN)
    except ApiProblem as problem:
        return problem.code
    return ""


def test_an_accepted_answer_is_a_command_and_the_question_leaves_the_inbox_before_the_log_says_more(place: World) -> None:
    run = ask(place)
    assert say(place, run) == ""
    with tenant_scope(place.tenant.pk):
        assert not Approval.objects.open_for(place.user).exists()
        assert Approval.objects.get(run=run).status == "pending", "what became of it is read from the log"
        command = Command.objects.get(run=run)
        assert (command.path, command.body["by_id"]) == (PATH, str(place.user.pk))
    assert say(place, run) == AlreadyDecided.code


def test_of_many_answers_at_once_one_is_accepted(place: World) -> None:
    run = ask(place)

    def one(_: int) -> str:
        try:
            return say(place, run)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        said = list(people.map(one, range(12)))
    assert said.count("") == 1 and set(said) == {"", AlreadyDecided.code}


def test_after_its_deadline_a_question_takes_no_answer(place: World) -> None:
    with system_scope():
        assert say(place, ask(place, deadline=Now() - timedelta(seconds=1))) == NotWaiting.code
        assert say(place, ask(place, deadline=Now() + timedelta(seconds=60))) == ""


BOTH = [{"name": "approve"}, {"name": "edit"}]


@pytest.mark.parametrize(
    ("request_", "action", "value", "code"),
    [
        ({"actions": BOTH}, "approve", "Changed", InvalidAnswer.code),
        ({"actions": BOTH}, "approve", "Hello", ""),
        ({"actions": BOTH}, "edit", "Changed", ""),
        ({}, "approve", "Changed", ""),
        ({"actions": [{"name": "approve", "takes_value": False}]}, "approve", "Changed", InvalidAnswer.code),
        ({"actions": [{"name": "approve", "takes_value": False}]}, "approve", None, ""),
        ({"answer_schema": {"type": "integer"}}, "approve", "x", InvalidAnswer.code),
        ({}, "other", None, InvalidAnswer.code),
    ],
)
def test_a_value_is_used_or_refused(place: World, request_: dict[str, Any], action: str, value: Any, code: str) -> None:
    assert say(place, ask(place, **request_), action, value) == code


def refusal(place: World, run: Run, action: str, value: Any = None, digest: str = SHOWN) -> ApiProblem:
    with tenant_scope(place.tenant.pk), pytest.raises(ApiProblem) as refused:
        answer(run=run, by=place.user, path=PATH, action=action, value=value, digest=digest)
    return refused.value


@pytest.mark.parametrize(
    ("request_", "action", "value", "says", "cure"),
    [
        ({"actions": BOTH}, "x" * 90, None, f"There is no action {'x' * 60!r}.", "Choose one of: approve, edit."),
        (
            {"actions": [{"name": "approve", "takes_value": False}]},
            "approve",
            1,
            "`approve` takes no value.",
            "Leave the value out: what was shown is what will be done.",
        ),
        (
            {"actions": BOTH},
            "approve",
            1,
            "The value was changed, and `approve` leaves it as it was.",
            "Send it with `edit`, or send no value.",
        ),
        (
            {"answer_schema": {"type": "integer"}},
            "approve",
            "seven",
            'The value does not fit: "seven" is not of type',
            "Correct the value.",
        ),
    ],
)
def test_a_refused_answer_says_what_was_wrong_and_what_to_do(
    place: World, request_: dict[str, Any], action: str, value: Any, says: str, cure: str
) -> None:
    problem = refusal(place, ask(place, **request_), action, value)
    assert problem.message.startswith(says) and problem.cure == cure


def test_an_answer_is_bound_to_what_was_shown(place: World) -> None:
    run = ask(place)
    with system_scope():
        Approval.objects.filter(run=run).update(digest="as it stands")
    problem = refusal(place, run, "approve", digest="as it stood")
    assert problem.code == AnotherCall.code and problem.details == {"digest": "as it stands"}
    with tenant_scope(place.tenant.pk):
        command = answer(run=run, by=place.user, path=PATH, action="approve", value=1, comment="fine", digest="as it stands")
    said = {"action": "approve", "value": 1, "comment": "fine"}
    assert command.body == {"path": PATH, "answer": said, "comment": "fine", "by": place.user.name, "by_id": str(place.user.pk)}


def test_without_a_comment_none_is_recorded(place: World) -> None:
    run = ask(place)
    assert say(place, run) == ""
    with system_scope():
        assert Command.objects.get(run=run).body["comment"] == ""


def test_only_the_question_that_was_named_in_the_run_that_was_named_is_decided(place: World) -> None:
    """Beside it: another question of the run that was answered, the like question of another run, a command of the run that was taken."""
    run, other = ask(place), ask(place)
    assert say(place, other) == ""
    with system_scope():
        Approval.objects.create(tenant=place.tenant, run=run, path="ask#0/human.1", request={}, status=Approval.Status.DECIDED)
        for path, applied_at in (("ask#0/human.1", None), (PATH, Now())):
            Command.objects.create(tenant=place.tenant, run=run, kind="answer", path=path, body={}, applied_at=applied_at)
    assert say(place, run) == ""


@pytest.mark.parametrize(("status", "code"), [(Approval.Status.VOID, NotWaiting.code), (Approval.Status.DECIDED, AlreadyDecided.code)])
def test_a_question_that_was_withdrawn_or_decided_takes_no_answer(place: World, status: Approval.Status, code: str) -> None:
    run = ask(place)
    with system_scope():
        Approval.objects.filter(run=run).update(status=status)
    assert say(place, run) == code


def test_where_nothing_was_asked_nothing_waits(place: World) -> None:
    assert say(place, place.run("x", status="running")) == NotWaiting.code


def test_whoever_may_only_look_answers_nothing(place: World) -> None:
    run = ask(place)
    viewer = member(place.tenant, MemberRole.VIEWER)
    with tenant_scope(place.tenant.pk), pytest.raises(Forbidden):
        answer(run=run, by=viewer, path=PATH, action="approve", digest=SHOWN)
    assert say(place, run) == ""
