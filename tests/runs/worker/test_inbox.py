"""An answer that was accepted is taken, however late the worker hears of it."""

from typing import Any

import pytest

from runs.control.answers import answer
from runs.models import Approval, Run
from runs.worker import worker as worker_module
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.factories import World, chain, world
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import status

PATH = "ask#1/human.1"


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch, worker: RunWorker) -> RunWorker:
    """A worker that no command reaches by itself."""
    monkeypatch.setattr(worker_module, "waiting_commands", lambda _worker: [])
    return worker


def asked(place: World, worker: RunWorker) -> Run:
    run = place.run("x")
    worker.admit(run.tenant_id, run.pk)
    wait_until(lambda: questions(run) == [("pending", "")], 10, "the run asks")
    return run


def questions(run: Run) -> list[tuple[str, str]]:
    with system_scope():
        return list(Approval.objects.filter(run=run).values_list("status", "action"))


@pytest.fixture
def place(database: Any) -> World:
    """A question with a deadline so near that the run waits for it in its worker."""
    document = chain({"id": "ask", "kind": "human", "params": {"title": "Go on?", "deadline_s": 1.5}})
    document["edges"][1]["source_port"] = "approve"
    late = {"id": "late", "source": "ask", "source_port": "expired", "target": "end"}
    document["edges"].append(late)
    return world(document)


def test_an_answer_accepted_before_the_deadline_is_never_overtaken_by_it(place: World, deaf: RunWorker) -> None:
    run = asked(place, deaf)
    with tenant_scope(place.tenant.pk):
        answer(run=run, by=place.user, path=PATH, action="approve")
    wait_until(lambda: status(run) == "succeeded", 10, "the run goes on")
    assert questions(run) == [("decided", "approve")]


def test_a_question_that_nobody_answers_expires(place: World, deaf: RunWorker) -> None:
    run = asked(place, deaf)
    wait_until(lambda: status(run) == "succeeded", 10, "the run goes on")
    assert questions(run) == [("void", "expired")]
