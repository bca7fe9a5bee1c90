"""F11: commands raced against one another, against the end and against the worker."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import OperationalError, connection

from orchestrator.engine.testing import says
from runs.control.answers import answer
from runs.control.commands import send_command
from runs.models import Approval, Command, Run
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.problems import Conflict
from tests.faults.oracle import check_log, say
from tests.runs.databases import Database
from tests.runs.factories import World, chain, digest_shown, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until

WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}
ASK = {"id": "ask", "kind": "human", "params": {"title": "Go on?"}}
AGENTS = {"a": {"name": "Ann", "model": "scripted"}}


def raced(place: World, run: Run, seed: int) -> int:
    """One person's random commands; how many answers were taken."""
    chance = random.Random(seed)
    taken = 0
    with tenant_scope(place.tenant.pk):
        for _ in range(5):
            time.sleep(chance.uniform(0, 0.15))
            kind = chance.choice(["pause", "resume", "answer", "answer", "cancel" if chance.random() < 0.2 else "resume"])
            try:
                if kind != "answer":
                    send_command(run=run, by=place.user, kind=Command.Kind(kind))
                else:
                    action, shown = chance.choice(["approve", "reject"]), digest_shown(run, "ask#1/human.1")
                    answer(run=run, by=place.user, path="ask#1/human.1", action=action, digest=shown)
                    taken += 1
            except Conflict:
                continue
            except OperationalError as error:
                raise AssertionError(f"seed {seed}") from error
    connection.close()
    return taken


def race(place: World, count: int, seed: int) -> None:
    say(f"F11 seed {seed}")
    runs = [place.run("x") for _ in range(count)]
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda job: partial(raced, place)(*job), [(run, seed + i) for i, run in enumerate(runs * 2)]))
    for index in range(count):
        assert answers[index] + answers[index + count] <= 1, f"two decisions were taken in run {index}, seed {seed}"
    assert any(answers), f"no answer was taken at all, seed {seed}"
    settle(place, runs)
    with system_scope():
        for run in Run.objects.all():
            state = check_log(run)
            assert state.status.terminal
            decided = Approval.objects.filter(run=run, status="decided").count()
            assert decided <= 1
        assert not Command.objects.filter(applied_at=None).exists()


def settle(place: World, runs: list[Run]) -> None:
    """Cancel whatever still goes on or waits."""

    def unfinished() -> list[Run]:
        with system_scope():
            return list(Run.objects.unfinished())

    with tenant_scope(place.tenant.pk):
        for run in unfinished():
            try:
                send_command(run=run, by=place.user, kind=Command.Kind.CANCEL)
            except Conflict:
                continue
    wait_until(lambda: not unfinished(), 20, "every run has ended")


def contested(resources: ScriptedResources) -> World:
    resources.models.answer = lambda _request: says("done")
    resources.models.delay_s = 0.1
    document = chain(ASK, WORK, agents=AGENTS)
    document["edges"][1]["source_port"] = "approve"
    return world(document)


def test_f11_racing_commands_leave_every_run_in_one_legal_state(
    database: Database, worker: RunWorker, resources: ScriptedResources
) -> None:
    """F11, A01, short"""
    race(contested(resources), 12, random.randrange(10**6))


@pytest.mark.chaos
def test_f11_five_hundred_times(database: Database, worker: RunWorker, resources: ScriptedResources) -> None:
    """F11"""
    race(contested(resources), 500, random.randrange(10**6))
