"""F01: a process is killed at each named place, and the run goes on by itself. F02: workers die at random."""

import os
import random
import time
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from runs.failpoint import Name
from runs.models import Approval, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check, say
from tests.faults.processes import Processes, alive, freeze_between_commits, kill, thaw
from tests.model_server.server import ModelServer
from tests.runs.databases import Database, Templates, connected_to
from tests.runs.factories import World, chain, world
from tests.runs.services import wait_until

WORK = {"id": "work", "kind": "agent", "params": {"agent": "a"}}
SAVE = {"id": "save", "kind": "tool", "params": {"tool": "save", "arguments": {"text": "{{ input }}"}}}
SEND = {"id": "send", "kind": "tool", "params": {"tool": "send", "arguments": {"text": "{{ input }}"}}}
ASK = {"id": "ask", "kind": "human", "params": {"title": "Go on?"}}
AGENTS = {"a": {"name": "Ann", "model": "scripted"}}
RESUME_S = 7.0
"""Lease, look and two seconds more, on PostgreSQL; SQLite's lease is four seconds longer."""

REPEATS = int(os.environ.get("CHAOS_REPEATS", "20"))
STORM_S = float(os.environ.get("CHAOS_STORM_S", "600"))
"""How often and how long the long versions go on."""

IN_WEB = {"outbox_written_not_sent": "start", "approval_saved_not_resumed": "answer"}


def document(failpoint: str) -> dict[str, Any]:
    if failpoint != "approval_saved_not_resumed":
        return chain(WORK, SAVE, SEND, agents=AGENTS)
    asking = chain(ASK, SAVE)
    asking["edges"][1]["source_port"] = "approve"
    return asking


@dataclass
class Scenario:
    """One database, one run, one process that dies at `failpoint` and one that is there to take over."""

    failpoint: str
    database: Database
    place: World
    rescuer: int = 0
    died_at: float = 0.0

    def prepare(self, processes: Processes) -> None:
        self.rescuer = processes.start(self.database.url)
        if self.failpoint in IN_WEB:
            self._prepare_web(processes)
        else:
            freeze_between_commits(self.rescuer, self.database)
            victim = processes.start(self.database.url, failpoint=self.failpoint)
            with connected_to(self.database.url):
                self.place.run("x")
            wait_until(lambda: not alive(victim), 20, f"the worker died at {self.failpoint}")
            thaw(self.rescuer)
        self.died_at = time.time()

    def _prepare_web(self, processes: Processes) -> None:
        if self.failpoint == "approval_saved_not_resumed":
            with connected_to(self.database.url):
                self.place.run("x")
                wait_until(lambda: self.count(Approval, status="pending"), 10, "the question is asked")
        web = processes.start(self.database.url, do=IN_WEB[self.failpoint], failpoint=self.failpoint, tenant=str(self.place.tenant.pk))
        wait_until(lambda: not alive(web), 20, f"the web process died at {self.failpoint}")

    def count(self, model: Any, **conditions: Any) -> bool:
        with system_scope():
            return bool(model.objects.filter(**conditions).exists())

    def has_ended(self) -> bool:
        with connected_to(self.database.url):
            return self.count(Run, status="succeeded")

    def took(self) -> float:
        """Seconds from the death until the worker that ended the run had claimed it."""
        with connected_to(self.database.url), system_scope():
            claimed = RunEvent.objects.filter(type="run_claimed").order_by("seq").values_list("at_us", flat=True)
            return claimed.reverse()[0] / 1e6 - self.died_at


def killed_at_every_named_place(vendor: str, processes: Processes, templates: Templates, sink: ModelServer, blocker: Any) -> None:
    with blocker.unblock():
        scenarios = []
        for failpoint in get_args(Name):
            database = templates.fresh(vendor)
            with connected_to(database.url):
                scenarios.append(Scenario(failpoint, database, world(document(failpoint))))
        for scenario in scenarios:
            scenario.prepare(processes)
        wait_until(lambda: sum(scenario.has_ended() for scenario in scenarios) == len(scenarios), 25, "every run has ended")
        for scenario in scenarios:
            with connected_to(scenario.database.url):
                check(sink)
            took = scenario.took()
            say(f"F01 {vendor} {scenario.failpoint}: resumed {took:.1f} s after the kill")
            assert took < RESUME_S + (4 if vendor == "sqlite" else 0)
            kill(scenario.rescuer)
            scenario.database.drop()


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_f01_a_run_survives_a_kill_at_every_named_place(
    vendor: str, processes: Processes, database_templates: Templates, sink: ModelServer, django_db_blocker: Any
) -> None:
    """F01, A07"""
    killed_at_every_named_place(vendor, processes, database_templates, sink, django_db_blocker)


@pytest.mark.chaos
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
@pytest.mark.parametrize("_", range(REPEATS))
def test_f01_again_and_again(
    _: int, vendor: str, processes: Processes, database_templates: Templates, sink: ModelServer, django_db_blocker: Any
) -> None:
    """F01"""
    killed_at_every_named_place(vendor, processes, database_templates, sink, django_db_blocker)


@pytest.mark.parametrize("failpoint", ["tool_started", "tool_answered_not_saved"])
def test_f01_an_unsafe_call_is_never_made_twice_and_a_person_is_asked(
    failpoint: str, database: Database, processes: Processes, sink: ModelServer
) -> None:
    """F01"""
    victim = processes.start(database.url, failpoint=failpoint)
    run = world(chain(SEND)).run("x")
    wait_until(lambda: not alive(victim), 20, "the worker died inside the call")
    rescuer = processes.start(database.url)
    wait_until(lambda: status(run) == "waiting", 16, "a person is asked")
    kill(rescuer)
    check(sink)
    with system_scope():
        assert Approval.objects.get(run=run).request["mode"] == "unknown_outcome"


def status(run: Run) -> str:
    with system_scope():
        return Run.objects.values_list("status", flat=True).get(pk=run.pk)


LONG = chain(*({**(SAVE if index % 3 == 0 else WORK), "id": f"n{index}"} for index in range(12)), agents=AGENTS)


def storm(database: Database, processes: Processes, sink: ModelServer, *, runs: int, seconds: float, seed: int) -> None:
    """Workers die at random while runs go on; then all runs must end, and the oracle be content."""
    say(f"F02 seed {seed}")
    chance = random.Random(seed)
    place = world(LONG)
    workers = [processes.start(database.url, model_s=0.2) for _ in range(3)]
    for _ in range(runs):
        place.run("x")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(chance.uniform(1.5, 4))
        victim = chance.randrange(len(workers))
        kill(workers[victim])
        workers[victim] = processes.start(database.url, model_s=0.2)

    def unfinished() -> int:
        with system_scope():
            return Run.objects.unfinished().count()

    wait_until(lambda: not unfinished(), 60, "every run has ended")
    for worker in workers:
        kill(worker)
    check(sink)
    with system_scope():
        ends = set(Run.objects.values_list("status", flat=True))
        assert ends <= {"succeeded"}, ends


def test_f02_workers_that_die_at_random_lose_nothing(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F02, short"""
    storm(database, processes, sink, runs=20, seconds=6, seed=random.randrange(10**6))


@pytest.mark.chaos
def test_f02_for_a_long_time(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F02"""
    storm(database, processes, sink, runs=200, seconds=STORM_S, seed=random.randrange(10**6))
