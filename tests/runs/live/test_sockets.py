"""Websockets: who may open them, what comes through, what closes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client

from orchestrator.asgi import application
from orchestrator.engine.log.events import RunUnpaused
from runs.live.groups import run_group, send_to, tenant_group
from runs.live.sockets import live_socket
from runs.live.sockets.endings import NOT_UNDERSTOOD, TOO_MANY
from runs.live.sockets.reads import read
from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tenants.models import Membership, User
from tests.runs.factories import World, world

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
ORIGIN = b"http://localhost"


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(live_socket, "CHECK_S", 0.3)
    yield


@pytest.fixture(autouse=True)
async def own_connection(database: Any) -> AsyncIterator[None]:
    """The threads that do queries outlive a test, their connections to the test's database do not."""
    await sync_to_async(forget_connection)()
    read.stop()
    yield
    await sync_to_async(forget_connection)()
    read.stop()


def forget_connection() -> None:
    connections["default"].close()
    del connections["default"]


@pytest.fixture
def place(database: Any) -> World:
    return world()


def cookie_of(user: User) -> bytes:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"sessionid={client.cookies['sessionid'].value}".encode()


def event_text(seq: int, padding: int = 0) -> str:
    return RunUnpaused(seq=seq, at_us=seq).model_dump_json() + " " * padding


def run_with_events(place: World, count: int) -> Run:
    run = place.run("x", due_at=None)
    add_events(run, 1, count)
    return run


def add_events(run: Run, first: int, last: int, padding: int = 0) -> None:
    with system_scope():
        rows = [
            RunEvent(tenant_id=run.tenant_id, run=run, seq=seq, type="run_unpaused", at_us=seq, payload=event_text(seq, padding))
            for seq in range(first, last + 1)
        ]
        RunEvent.objects.bulk_create(rows)
        Run.objects.filter(pk=run.pk).update(last_seq=last)


@asynccontextmanager
async def socket(path: str, cookie: bytes = b"", origin: bytes | None = ORIGIN) -> AsyncIterator[WebsocketCommunicator]:
    headers = [(b"host", b"localhost"), *([(b"cookie", cookie)] if cookie else []), *([(b"origin", origin)] if origin else [])]
    opened = WebsocketCommunicator(application, path, headers=headers)
    try:
        yield opened
    finally:
        await opened.disconnect()


async def heard(opened: WebsocketCommunicator) -> Any:
    return json.loads(await opened.receive_from(timeout=10))


async def closed_with(opened: WebsocketCommunicator) -> int:
    while True:
        message = await opened.receive_output(timeout=10)
        if message["type"] == "websocket.close":
            return int(message["code"])


def frame(first: int, last: int, *, hint: bool = False) -> dict[str, Any]:
    events = "" if hint else json.dumps([{"seq": seq} for seq in range(first, last + 1)])
    return {"type": "run.frame", "first": first, "last": last, "events": events, "deltas": []}


async def test_the_log_comes_first_then_what_happens_each_event_once(place: World) -> None:
    run, cookie = await setup(place, 5)
    async with socket(f"/ws/runs/{run.pk}/?after=2", cookie) as opened:
        assert (await opened.connect(timeout=10))[0]
        assert [event["seq"] for event in (await heard(opened))["events"]] == [3, 4, 5]
        assert await heard(opened) == {"type": "caught_up", "last_seq": 5}
        await database_sync_to_async(add_events)(run, 6, 9)
        group = run_group(run.pk)
        await send_to(group, frame(4, 5))
        await send_to(group, frame(6, 6))
        assert await heard(opened) == {"type": "events", "events": [{"seq": 6}]}
        await send_to(group, frame(8, 8))
        assert [event["seq"] for event in (await heard(opened))["events"]] == [7, 8, 9]
        await send_to(group, frame(9, 9))
        await send_to(group, {**frame(0, 0, hint=True), "deltas": [{"path": "a#1", "text": "hel"}]})
        assert await heard(opened) == {"type": "deltas", "deltas": [{"path": "a#1", "text": "hel"}]}


async def test_a_log_of_large_events_comes_whole(place: World) -> None:
    run, cookie = await setup(place, 1)
    await database_sync_to_async(add_events)(run, 2, 1_500, padding=10_000)
    async with socket(f"/ws/runs/{run.pk}/?after=0", cookie) as opened:
        await opened.connect(timeout=10)
        seen: list[int] = []
        while (message := await heard(opened))["type"] == "events":
            seen += [event["seq"] for event in message["events"]]
    assert seen == list(range(1, 1_501)) and message == {"type": "caught_up", "last_seq": 1_500}


async def test_a_frame_too_big_to_send_is_read_from_the_log(place: World) -> None:
    run, cookie = await setup(place, 1)
    async with socket(f"/ws/runs/{run.pk}/?after=1", cookie) as opened:
        await opened.connect(timeout=10)
        await heard(opened)
        await database_sync_to_async(add_events)(run, 2, 3)
        await send_to(run_group(run.pk), frame(2, 3, hint=True))
        assert [event["seq"] for event in (await heard(opened))["events"]] == [2, 3]


async def test_a_lost_last_frame_is_found(place: World) -> None:
    run, cookie = await setup(place, 1)
    async with socket(f"/ws/runs/{run.pk}/?after=1", cookie) as opened:
        await opened.connect(timeout=10)
        await heard(opened)
        await database_sync_to_async(add_events)(run, 2, 2)
        assert [event["seq"] for event in (await heard(opened))["events"]] == [2]


async def test_a_client_can_ask_for_events_again(place: World) -> None:
    run, cookie = await setup(place, 3)
    async with socket(f"/ws/runs/{run.pk}/?after=3", cookie) as opened:
        await opened.connect(timeout=10)
        assert await heard(opened) == {"type": "caught_up", "last_seq": 3}
        await opened.send_to(json.dumps({"type": "resync", "after": 1}))
        assert [event["seq"] for event in (await heard(opened))["events"]] == [2, 3]


async def test_who_is_not_signed_in_is_refused_before_the_socket_opens(place: World) -> None:
    """W02"""
    run, cookie = await setup(place, 1)
    for path in (f"/ws/runs/{run.pk}/", "/ws/live/"):
        async with socket(path) as opened:
            assert await opened.connect(timeout=10) == (False, 4401)
    async with socket(f"/ws/runs/{run.pk}/", cookie) as opened:
        assert (await opened.connect(timeout=10))[0]


async def test_another_tenants_run_sends_nothing_and_closes(place: World) -> None:
    """T05, T06"""
    run, own = await setup(place, 3)
    stranger = await database_sync_to_async(lambda: cookie_of(world().user))()
    for run_id in (run.pk, uuid4()):
        async with socket(f"/ws/runs/{run_id}/?after=0", stranger) as opened:
            await opened.connect(timeout=10)
            assert (await opened.receive_output(timeout=3))["code"] == 4404
    async with socket(f"/ws/runs/{run.pk}/?after=0", own) as opened:
        await opened.connect(timeout=10)
        assert (await heard(opened))["type"] == "events"


async def test_text_of_a_client_never_names_a_group(place: World) -> None:
    """T06"""
    _, cookie = await setup(place, 1)
    for path in ("/ws/runs/1/", "/ws/runs/run.1/", f"/ws/runs/{'a' * 101}/", "/ws/runs/%C3%A9/"):
        async with socket(path, cookie) as opened:
            assert (await opened.connect(timeout=10))[0] is False
    assert run_group(UUID(int=1)).removeprefix("run.").isalnum() and tenant_group(UUID(int=1)).removeprefix("tenant.").isalnum()


async def test_the_stream_ends_when_the_membership_does(place: World) -> None:
    """T05, T10"""
    run, cookie = await setup(place, 1)
    async with socket(f"/ws/runs/{run.pk}/", cookie) as opened, socket("/ws/live/", cookie) as feed:
        await opened.connect(timeout=10)
        await feed.connect(timeout=10)
        await heard(opened)

        def leave() -> None:
            with system_scope():
                Membership.objects.filter(user=place.user).delete()

        await database_sync_to_async(leave)()
        assert await closed_with(opened) in (4401, 4404)
        assert await closed_with(feed) in (4401, 4404)


async def test_signing_out_closes_the_sockets_of_that_session(place: World) -> None:
    """W04"""
    run, cookie = await setup(place, 1)
    async with socket(f"/ws/runs/{run.pk}/", cookie) as opened:
        await opened.connect(timeout=10)

        def sign_out() -> None:
            client = Client()
            client.cookies["sessionid"] = cookie.decode().removeprefix("sessionid=")
            client.logout()

        await database_sync_to_async(sign_out)()
        assert await closed_with(opened) == 4401


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", None])
async def test_another_sites_page_opens_no_socket(place: World, origin: bytes | None) -> None:
    """W01"""
    run, cookie = await setup(place, 1)
    async with socket(f"/ws/runs/{run.pk}/", cookie, origin) as opened:
        assert (await opened.connect(timeout=10))[0] is False


@pytest.mark.parametrize(
    "text", ["x" * 65_537, "no json", "[]", '{"type":"odd"}', '{"type":"resync","after":-1}', '{"type":"resync","after":"1"}']
)
async def test_what_no_client_of_ours_says_closes_the_socket(place: World, text: str) -> None:
    """W03"""
    run, cookie = await setup(place, 0)
    async with socket(f"/ws/runs/{run.pk}/", cookie) as opened:
        await opened.connect(timeout=10)
        await opened.send_to(text)
        assert await closed_with(opened) == NOT_UNDERSTOOD.code


async def test_a_flood_of_messages_closes_the_socket(place: World) -> None:
    """W03"""
    run, cookie = await setup(place, 0)
    async with socket(f"/ws/runs/{run.pk}/", cookie) as opened:
        await opened.connect(timeout=10)
        for _ in range(live_socket.BURST + 2):
            await opened.send_to(json.dumps({"type": "resync", "after": 0}))
        assert await closed_with(opened) == NOT_UNDERSTOOD.code


async def test_one_person_cannot_open_sockets_without_end(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """W02"""
    monkeypatch.setattr(live_socket.SOCKETS, "limit", 2)
    run, cookie = await setup(place, 0)
    path = f"/ws/runs/{run.pk}/"
    async with socket(path, cookie) as first, socket(path, cookie) as second:
        await asyncio.gather(first.connect(timeout=10), second.connect(timeout=10))
        async with socket(path, cookie) as third:
            await third.connect(timeout=10)
            assert await closed_with(third) == TOO_MANY.code
    async with socket(path, cookie) as again:
        await again.connect(timeout=10)
        assert (await heard(again))["type"] == "caught_up"


async def test_the_feed_tells_only_of_the_own_tenants_runs(place: World) -> None:
    run, cookie = await setup(place, 0)
    foreign = await database_sync_to_async(lambda: world().run("x"))()
    async with socket("/ws/live/", cookie) as feed:
        await feed.connect(timeout=10)
        assert await heard(feed) == {"type": "approvals", "count": 0}
        for told in (foreign, run):
            await send_to(tenant_group(run.tenant_id), {"type": "tenant.runs", "runs": [str(told.pk)]})
        assert (await heard(feed))["run"]["id"] == str(run.pk)
        assert (await heard(feed))["type"] == "approvals"


async def setup(place: World, events: int) -> tuple[Run, bytes]:
    return await database_sync_to_async(lambda: (run_with_events(place, events), cookie_of(place.user)))()
