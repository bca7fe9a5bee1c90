"""Answers: one is accepted, it is taken, and a value is used or refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from runs.control.answers import answer
from runs.control.problems import AlreadyDecided, InvalidAnswer, NotWaiting
from runs.models import Approval, Command, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.problems import ApiProblem
from tests.runs.factories import World, world

pytestmark = pytest.mark.usefixtures("database", "broker")
PATH = "ask#1/human.1"


@pytest.fixture
def place(database: Any) -> World:
    return world()


def ask(place: World, *, deadline: Any = None, **request: Any) -> Run:
    """A run that waits at PATH."""
    run = place.run("x", status="waiting", due_at=None)
    asked = {"mode": "review", "title": "?", "payload": "Hello", "actions": [{"name": "approve"}], **request}
    with system_scope():
        Approval.objects.create(tenant=place.tenant, run=run, path=PATH, request=asked, deadline=deadline)
    return run


def say(place: World, run: Run, action: str = "approve", value: Any = None) -> str:
    """The code of the refusal, or nothing."""
    try:
        with tenant_scope(place.tenant.pk):
            answer(run=run, by=place.user, path=PATH, action=action, value=value)
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
