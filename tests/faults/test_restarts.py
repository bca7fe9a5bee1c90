"""F21: workers are replaced one after the other under load. F26: a new build goes on where an old one was in the middle of an agent."""

import os
import signal
import time

import pytest

from runs.models import Approval, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check, check_paid_once, say
from tests.faults.processes import Processes, alive, kill
from tests.faults.test_killed_workers import AGENTS, SAVE, SEND, WORK
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.services import wait_until

LONG = chain(WORK, SEND, {**WORK, "id": "w2"}, {**SEND, "id": "s2"}, {**SAVE, "id": "s3"}, {**SEND, "id": "s4"}, agents=AGENTS)
CLERK = {"a": {"name": "Ann", "model": "scripted", "instructions": "Save it.", "tools": ["save"]}}


def unfinished() -> int:
    with system_scope():
        return Run.objects.unfinished().exclude(status="waiting").count()


def replaced_under_load(database: Database, processes: Processes, sink: ModelServer, *, runs: int, restarts: int) -> None:
    place = world(LONG)
    workers = [processes.start(database.url, model_s=0.3, tool_s=0.2) for _ in range(2)]
    for number in range(restarts):
        for _ in range(runs // restarts):
            place.run("x")
        time.sleep(0.9)
        leaving = workers[number % 2]
        workers[number % 2] = processes.start(database.url, model_s=0.3, tool_s=0.2)
        os.kill(leaving, signal.SIGTERM)
        wait_until(lambda leaving=leaving: not alive(leaving), 20, "the worker has stopped")
    wait_until(lambda: not unfinished(), 60, "every run has ended or waits")
    for worker in workers:
        kill(worker)
    with system_scope():
        asked = list(Approval.objects.values_list("request", flat=True))
        ends = set(Run.objects.values_list("status", "crashes"))
    assert not asked, f"{len(asked)} people were asked what became of calls that never began"
    assert ends == {("succeeded", 0)}, ends
    check(sink)
    check_paid_once(sink)


def test_f21_workers_that_are_replaced_under_load_ask_nobody_and_fail_nothing(
    database: Database, processes: Processes, sink: ModelServer
) -> None:
    """F21, short"""
    replaced_under_load(database, processes, sink, runs=40, restarts=4)


@pytest.mark.chaos
def test_f21_a_hundred_runs(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F21"""
    replaced_under_load(database, processes, sink, runs=100, restarts=10)


def taken_over_by_a_new_build(database: Database, processes: Processes, sink: ModelServer, *, runs: int) -> None:
    """The new build puts its prompts in other words, so that every recorded model call looks different."""
    place = world(chain({**WORK, "id": "clerk"}, agents=CLERK))
    old = processes.start(database.url, model_s=0.3, build="old")
    for _ in range(runs):
        place.run("x")
    wait_until(lambda: tools_used() >= runs, 20, "the agents are in the middle of their work")
    kill(old)
    new = processes.start(database.url, model_s=0.3, build="new")
    wait_until(lambda: not unfinished(), 60, "every run has ended")
    kill(new)
    check(sink)
    with system_scope():
        assert set(Run.objects.values_list("status", flat=True)) == {"succeeded"}
        adopted = RunEvent.objects.filter(type="replay_adopted").values("run").distinct().count()
        assert RunEvent.objects.filter(type="run_claimed", payload__contains='"build":"new"').count() >= runs // 2
    say(f"F26: {adopted} of {runs} runs say that they adopted results of the other build")
    assert adopted > 0


def tools_used() -> int:
    with system_scope():
        return RunEvent.objects.filter(type="effect_finished", payload__contains="tool").count()


def test_f26_a_new_build_goes_on_in_the_middle_of_an_agent(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F26, short"""
    taken_over_by_a_new_build(database, processes, sink, runs=10)


@pytest.mark.chaos
def test_f26_thirty_runs(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F26"""
    taken_over_by_a_new_build(database, processes, sink, runs=30)
