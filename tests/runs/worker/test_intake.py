"""How many runs a worker claims at a time, and which first."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from runs.leases.claim import SUSPECT_CRASHES, Claim
from runs.worker.intake import READ_AHEAD, Intake
from tenants.isolation.database import DatabaseThreads
from tests.runs.factories import World, world

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def steward() -> Iterator[DatabaseThreads]:
    threads = DatabaseThreads("steward")
    yield threads
    threads.stop()


@pytest.fixture
def place(database: object) -> World:
    return world()


def due(place: World, count: int, status: str) -> None:
    for _ in range(count):
        place.run("x", status=status, due_at=Now() - timedelta(seconds=5))


async def sweep(intake: Intake) -> list[Claim]:
    intake._look_at = time.monotonic()
    return await intake.claims()


def swept(steward: DatabaseThreads, reading: int) -> tuple[list[Claim], float]:
    """What the first sweep claims, and in how many seconds the next one is."""
    intake = Intake(str(uuid4()), steward, lambda: [], lambda: reading)
    claims = asyncio.run(sweep(intake))
    return claims, intake._look_at - time.monotonic()


def held(place: World, crashes: int) -> Claim:
    return Claim(place.run("held", due_at=None), "me", 1, "takeover", crashes, time.monotonic() + 60)


def test_a_sweep_fills_what_is_read_ahead_and_the_next_one_follows_soon(place: World, steward: DatabaseThreads) -> None:
    """F27"""
    due(place, READ_AHEAD + 5, "waiting")
    claims, next_s = swept(steward, 0)
    assert len(claims) == READ_AHEAD and next_s < 0.1


def test_while_much_is_being_read_nothing_is_claimed(place: World, steward: DatabaseThreads) -> None:
    """F27: few runs at a time cost as many statements as many."""
    due(place, READ_AHEAD, "waiting")
    claims, next_s = swept(steward, READ_AHEAD // 2 + 1)
    assert claims == [] and next_s < 0.1
    claims, _ = swept(steward, READ_AHEAD // 2)
    assert len(claims) == READ_AHEAD // 2


def test_new_runs_have_room_among_thousands_of_timers(place: World, steward: DatabaseThreads) -> None:
    """F27: half of what is claimed is kept for them, however long the timers have been due."""
    due(place, READ_AHEAD, "waiting")
    due(place, 5, "queued")
    claims, _ = swept(steward, 0)
    assert [claim.run.status for claim in claims].count("queued") == 5


def test_with_little_due_the_next_look_is_in_a_second(place: World, steward: DatabaseThreads) -> None:
    due(place, 1, "waiting")
    claims, next_s = swept(steward, 0)
    assert len(claims) == 1 and next_s > 0.5


def test_beside_a_suspect_nothing_is_claimed(place: World, steward: DatabaseThreads) -> None:
    """F22: if it ends the worker, it ends nobody else's work."""
    due(place, 3, "queued")
    named = place.run("x")
    suspect = held(place, SUSPECT_CRASHES)

    async def looks() -> list[Claim]:
        intake = Intake(str(uuid4()), steward, lambda: [suspect], lambda: 0)
        intake.name(named.tenant_id, named.pk)
        return [*await intake.claims(), *await sweep(intake)]

    assert suspect.suspect and asyncio.run(looks()) == []


def test_a_busy_worker_makes_room_for_a_suspect_that_has_waited_long(place: World, steward: DatabaseThreads) -> None:
    """F22: it claims nothing more, and once it is idle, the suspect alone."""
    suspect = place.run("x", lease_owner="gone", crashes=1, status="running", due_at=Now() - timedelta(seconds=60))
    due(place, 3, "queued")
    named = place.run("x")
    busy = [held(place, 0)]

    async def looks() -> tuple[list[Claim], list[Claim]]:
        intake = Intake(str(uuid4()), steward, lambda: busy, lambda: 0)
        meanwhile = await sweep(intake)
        intake.name(named.tenant_id, named.pk)
        meanwhile += await intake.claims()
        busy.clear()
        return meanwhile, await sweep(intake)

    meanwhile, [claim] = asyncio.run(looks())
    assert meanwhile == [] and claim.run_id == suspect.pk and claim.suspect
