"""The database stumbles under load and comes back: F17 locks, F18 cut connections, F25 a read-only failover."""

import signal
import time
from collections.abc import Callable

import pytest
from django.db import connection

from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.disturbances import READ_ONLY, WRITABLE, altered, cutting, locked
from tests.faults.oracle import check, check_paid_once, say
from tests.faults.processes import Processes, kill
from tests.faults.test_killed_workers import AGENTS, SAVE, SEND, WORK
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import World, chain, world
from tests.runs.services import Postgres, wait_until

REST = {"id": "rest", "kind": "wait", "params": {"seconds": 2.2}}
DOCUMENT = chain(WORK, REST, SAVE, {**WORK, "id": "again"}, SEND, agents=AGENTS)
LOCKED_S = {"postgresql": 6.0, "sqlite": 10.0}
"""Longer than a lease."""
QUICK = 0.4
"""Leases and heartbeats of the short versions, as a part of the real ones."""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Callable[[], Postgres]:
    return lambda: request.getfixturevalue("postgres")  # type: ignore[no-any-return]


def unfinished() -> int:
    with system_scope():
        return Run.objects.unfinished().count()


def all_end(sink: ModelServer, seconds: float, what: str) -> None:
    """Every run ends by itself and as if nothing had happened."""
    began = time.monotonic()
    wait_until(lambda: not unfinished(), seconds, f"every run has ended after {what}: {unfinished()} have not")
    say(f"{what}: the last run ended {time.monotonic() - began:.1f} s after")
    check(sink)
    check_paid_once(sink)
    with system_scope():
        assert set(Run.objects.values_list("status", flat=True)) == {"succeeded"}


def under_way(place: World, runs: int) -> None:
    """A third of the runs wait for their timers, the others are in the middle of a model call."""
    for _ in range(runs // 3):
        place.run("x")
    wait_until(lambda: count("run_suspended") >= runs // 3, 20, "a third of the runs wait for their timers")
    before = count("effect_started")
    for _ in range(runs - runs // 3):
        place.run("x")
    wait_until(lambda: count("effect_started") - before >= runs // 2, 20, "most of the others ask their model")


def count(event: str) -> int:
    with system_scope():
        return RunEvent.objects.filter(type=event).count()


def through_a_lock(database: Database, server: Callable[[], Postgres], processes: Processes, sink: ModelServer, pace: float) -> None:
    place = world(DOCUMENT)
    worker = processes.start(database.url, model_s=1.0, pace=pace)
    under_way(place, 30)
    locked(database, server, LOCKED_S[database.vendor] * pace)
    all_end(sink, 30, f"a lock of {LOCKED_S[database.vendor] * pace:.0f} s on {database.vendor}")
    kill(worker)


def test_f17_a_lock_longer_than_a_lease_strands_no_run(
    database: Database, server: Callable[[], Postgres], processes: Processes, sink: ModelServer
) -> None:
    """F17, short"""
    through_a_lock(database, server, processes, sink, QUICK)


@pytest.mark.chaos
@pytest.mark.parametrize("_", range(3))
def test_f17_at_full_length(_: int, database: Database, server: Callable[[], Postgres], processes: Processes, sink: ModelServer) -> None:
    """F17"""
    through_a_lock(database, server, processes, sink, 1.0)


def with_cut_connections(database: Database, server: Postgres, processes: Processes, sink: ModelServer, runs: int, seconds: float) -> None:
    place = world(DOCUMENT)
    worker = processes.start(database.url, model_s=1.0)
    for _ in range(runs):
        place.run("x")
    with cutting(server, database, 0.7):
        time.sleep(seconds)
    all_end(sink, 60, f"connections cut each 0.7 s for {seconds:.0f} s")
    kill(worker)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f18_connections_cut_again_and_again_lose_nothing(
    database: Database, postgres: Postgres, processes: Processes, sink: ModelServer
) -> None:
    """F18, short"""
    with_cut_connections(database, postgres, processes, sink, 30, 4)


@pytest.mark.chaos
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f18_for_a_long_time(database: Database, postgres: Postgres, processes: Processes, sink: ModelServer) -> None:
    """F18"""
    with_cut_connections(database, postgres, processes, sink, 250, 30)


def through_a_restart(
    database: Database, server: Postgres, processes: Processes, sink: ModelServer, sign: signal.Signals, *, runs: int, away_s: float
) -> None:
    place = world(DOCUMENT)
    worker = processes.start(database.url, model_s=1.0)
    under_way(place, runs)
    connection.close()
    server.restart(sign, away_s)
    all_end(sink, 30, f"a restart by {sign.name}")
    kill(worker)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f18_a_server_that_is_restarted_under_load_loses_nothing(
    database: Database, postgres: Postgres, processes: Processes, sink: ModelServer, sign: signal.Signals
) -> None:
    """F06, F18, short"""
    through_a_restart(database, postgres, processes, sink, sign, runs=30, away_s=1.0)


@pytest.mark.chaos
@pytest.mark.parametrize("away_s", [0.0, 5.0, 20.0])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f18_a_server_that_is_away_for_longer(
    database: Database, postgres: Postgres, processes: Processes, sink: ModelServer, away_s: float
) -> None:
    """F06, F18"""
    through_a_restart(database, postgres, processes, sink, signal.SIGQUIT, runs=60, away_s=away_s)


def through_a_failover(database: Database, server: Postgres, processes: Processes, sink: ModelServer, runs: int, seconds: float) -> None:
    place = world(DOCUMENT)
    worker = processes.start(database.url, model_s=1.0)
    under_way(place, runs)
    with altered(server, database, READ_ONLY, WRITABLE):
        time.sleep(seconds)
    all_end(sink, 30, f"{seconds:.0f} s without writes")
    kill(worker)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f25_a_failover_that_takes_no_writes_loses_nothing(
    database: Database, postgres: Postgres, processes: Processes, sink: ModelServer
) -> None:
    """F25, short"""
    through_a_failover(database, postgres, processes, sink, 20, 3)


@pytest.mark.chaos
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_f25_at_full_length(database: Database, postgres: Postgres, processes: Processes, sink: ModelServer) -> None:
    """F25"""
    through_a_failover(database, postgres, processes, sink, 45, 8)
