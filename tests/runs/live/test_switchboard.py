"""What a web process hands to its sockets goes on, whatever one look at the database comes to."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from runs.live.groups import run_group, tenant_group
from runs.live.sockets import switchboard
from runs.live.sockets.switchboard import Message, Switchboard
from tenants.isolation.database import DatabaseAway

pytestmark = pytest.mark.usefixtures("broker")

FRAME: Message = {"type": "run.frame", "text": "found by looking"}


async def test_look_that_fails_is_repeated_and_what_was_missed_meanwhile_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, run = tenant_group(uuid4()), run_group(uuid4())
    connections, looks = [1], 0

    async def look(groups: Sequence[str]) -> list[tuple[str, Message]]:
        nonlocal looks
        looks += 1
        if looks == 3:
            connections[0] = 2  # the broker's connection breaks, then the database does not answer either
        if looks in (3, 4):
            raise DatabaseAway("away")
        return [(run, FRAME)] if looks > 4 and run in groups else []

    monkeypatch.setattr(switchboard, "look", look)
    monkeypatch.setattr(switchboard, "connections_made", lambda: connections[0])
    monkeypatch.setattr(switchboard, "LOOK_S", 0.01)
    monkeypatch.setattr(switchboard, "REST_S", 0.01)
    of_tenant: list[Message] = []
    of_run: list[Message] = []
    board = Switchboard()
    try:
        async with board.listening(tenant, of_tenant.append), board.listening(run, of_run.append), asyncio.timeout(10):
            while looks < 8:
                await asyncio.sleep(0.01)
    finally:
        for duty in board._duties:
            duty.cancel()
        await asyncio.gather(*board._duties, return_exceptions=True)
    assert of_tenant == [{"type": "missed"}]
    assert len(of_run) >= 3 and all(message == FRAME for message in of_run)
