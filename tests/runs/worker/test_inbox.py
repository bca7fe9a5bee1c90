"""An answer that was accepted is taken, however late the worker hears of it."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from orchestrator.engine.errors import HostUnavailable
from runs.control.answers import answer
from runs.models import Approval, Command, Run
from runs.worker import worker as worker_module
from runs.worker.inbox import RunInbox, commands_by_run, commands_of
from runs.worker.worker import RunWorker
from tenants.isolation.database import DatabaseAway, DatabaseThreads
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.factories import World, chain, digest_shown, world
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
        answer(run=run, by=place.user, path=PATH, action="approve", digest=digest_shown(run, PATH))
    wait_until(lambda: status(run) == "succeeded", 10, "the run goes on")
    assert questions(run) == [("decided", "approve")]


def test_a_question_that_nobody_answers_expires(place: World, deaf: RunWorker) -> None:
    run = asked(place, deaf)
    wait_until(lambda: status(run) == "succeeded", 10, "the run goes on")
    assert questions(run) == [("void", "expired")]


def commanded(run: Run, kind: str, applied: bool = False) -> Command:
    return Command.objects.create(tenant_id=run.tenant_id, run=run, kind=kind, body={"by": "ann"}, applied_at=Now() if applied else None)


@pytest.mark.usefixtures("database")
def test_commands_of_a_run_are_those_that_no_worker_has_applied_in_their_order() -> None:
    with system_scope():
        told, other, silent = (world().run() for _ in range(3))
        resume, pause = commanded(told, "resume"), commanded(told, "pause")
        commanded(told, "cancel", applied=True)
        cancel = commanded(other, "cancel")
        Command.objects.filter(pk=resume.pk).update(created_at=pause.created_at + timedelta(hours=1))
        assert commands_of(told.pk) == [resume, pause], "in the order of their numbers, whatever the clocks say"
        assert commands_of(silent.pk) == []
        assert commands_by_run([told, silent]) == {told.pk: [resume, pause]}
        assert commands_by_run([silent, other, told]) == {told.pk: [resume, pause], other.pk: [cancel]}


@pytest.mark.usefixtures("database")
async def test_what_was_accepted_is_applied_before_the_time_is_told() -> None:
    taken: list[Command] = []
    threads = DatabaseThreads("test")
    try:
        run = await threads.run(_run_with_commands)
        before = time.time_ns() // 1000
        now_us = await RunInbox(run.pk, threads, taken.append).settle()
    finally:
        threads.stop()
    assert [(command.run_id, command.kind) for command in taken] == [(run.pk, "pause"), (run.pk, "cancel")]
    assert abs(now_us - before) < 60_000_000, "microseconds of the database's clock"


def _run_with_commands() -> Run:
    run, other = (world().run() for _ in range(2))
    for each, kind in ((other, "pause"), (run, "pause"), (run, "cancel")):
        commanded(each, kind)
    return run


async def test_database_that_is_away_gives_the_run_back() -> None:
    class Away:
        async def run(self, *_work: object) -> None:
            raise DatabaseAway("gone for lunch")

    with pytest.raises(HostUnavailable, match="gone for lunch"):
        await RunInbox(uuid4(), Away(), lambda _command: None).settle()  # type: ignore[arg-type]  # what it uses of it
