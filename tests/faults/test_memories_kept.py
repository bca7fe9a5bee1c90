"""The database stumbles, or the worker dies, between what an agent recalls and what it keeps: each memory is there once. F18, F02."""

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest

from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING, Retention
from orchestrator.engine.effects.memory import NewMemory, Provenance
from runs.memory.spaces import Source, store
from runs.models import Memory, MemorySpace, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tests.faults.disturbances import cutting, locked
from tests.faults.oracle import check
from tests.faults.processes import Processes, kill
from tests.faults.test_database_stumbles import LOCKED_S, QUICK, all_end, count, unfinished
from tests.faults.test_killed_workers import WORK
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import World, chain, world
from tests.runs.memory.rows import unit
from tests.runs.services import wait_until

MEMORY = {"long_term": {"on": True, "space": "diary", "write": "answer"}, "episodes": {"on": True}}
DOCUMENT = chain(WORK, agents={"a": {"name": "Ann", "model": "scripted", "memory": MEMORY}})
RUNS = 12


def mindful() -> World:
    """A tenant whose agents have a memory to recall already."""
    place = world(DOCUMENT)
    with tenant_scope(place.tenant.pk):
        kept = NewMemory(space="diary", kind="note", text="x", embedding=LOCAL_EMBEDDING, retention=Retention())
        store(kept, unit(1, *([0.0] * 255)), "first", Source(None, Provenance()))
    return place


def at_least(begun: int) -> bool:
    return count("effect_started") > begun or not unfinished()


def require_each_once(runs: int) -> None:
    with system_scope():
        assert set(Run.objects.values_list("status", flat=True)) == {"succeeded"}
        rows: list[dict[str, Any]] = list(Memory.objects.exclude(once="first").values("kind", "run", "space__name"))
        assert Counter(row["kind"] for row in rows) == {"note": runs, "episode": runs}
        assert set(Counter((row["kind"], row["run"]) for row in rows).values()) == {1}
        assert {space.name: space.size for space in MemorySpace.objects.all()} == {"diary": runs + 1, "episodes": runs}


def test_f18_connections_that_are_cut_between_recall_and_keep_keep_nothing_twice(
    database: Database, request: pytest.FixtureRequest, processes: Processes, sink: ModelServer
) -> None:
    place = mindful()
    worker = processes.start(database.url, model_s=1.0)
    for _ in range(RUNS):
        place.run("x")
    wait_until(lambda: count("effect_finished") >= RUNS // 2, 20, "agents have recalled, and ask their model")
    if database.vendor == "postgresql":
        with cutting(request.getfixturevalue("postgres"), database, 0.3):
            time.sleep(3)
    else:
        locked(database, lambda: request.getfixturevalue("postgres"), LOCKED_S["sqlite"] * QUICK)
    all_end(sink, 40, "a stumbling database")
    require_each_once(RUNS)
    kill(worker)


def test_f02_workers_that_die_while_they_keep_keep_nothing_twice(database: Database, processes: Processes, sink: ModelServer) -> None:
    place = mindful()
    for _ in range(RUNS):
        place.run("x")
    for part in (12, 30):
        victim = processes.start(database.url, model_s=0.2)
        enough = count("effect_started") + part
        wait_until(partial(at_least, enough), 30, "some are at work")
        kill(victim)
    last = processes.start(database.url, model_s=0.05)
    wait_until(lambda: not unfinished(), 60, "every run has ended")
    check(sink)
    require_each_once(RUNS)
    kill(last)
