"""What a web process hands to its sockets goes on, whatever one look at the database comes to."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from runs.live.groups import channel_layer, run_group, send_to, tenant_group
from runs.live.sockets import switchboard
from runs.live.sockets.switchboard import Message, Switchboard
from tenants.isolation.database import DatabaseAway

pytestmark = pytest.mark.usefixtures("broker")

FRAME: Message = {"type": "run.frame", "text": "found by looking"}


async def end(board: Switchboard) -> None:
    for duty in board._duties:
        duty.cancel()
    await asyncio.gather(*board._duties, return_exceptions=True)


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
        await end(board)
    assert of_tenant == [{"type": "missed"}]
    assert len(of_run) >= 3 and all(message == FRAME for message in of_run)


async def test_who_listens_since_before_the_broker_answered_is_told_that_something_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web process began while the broker was away: it has had no connection that could break."""
    tenant = tenant_group(uuid4())
    layer = channel_layer()
    really_join = layer.group_add
    is_away = True

    async def join(group: str, channel: str) -> None:
        if is_away:
            raise OSError("away")
        await really_join(group, channel)

    monkeypatch.setattr(layer, "group_add", join, raising=False)
    monkeypatch.setattr(switchboard, "JOIN_S", 0.05)
    monkeypatch.setattr(switchboard, "REST_S", 0.01)
    heard: list[Message] = []
    board = Switchboard()
    try:
        async with board.listening(tenant, heard.append), asyncio.timeout(10):
            await asyncio.sleep(0.05)
            assert heard == []
            is_away = False
            while tenant not in board._joined:
                await asyncio.sleep(0.01)
            assert heard == [{"type": "missed"}]
            await send_to(tenant, {"type": "tenant.approvals"})
            while len(heard) < 2:
                await asyncio.sleep(0.01)
    finally:
        await end(board)
