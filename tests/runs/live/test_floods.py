"""Clients that send without end, or hardly at all, against the real server: they are ended, and nobody else waits."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import aiohttp
import pytest

from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.servers import wait_for_web
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.live.test_real_server import setup
from tests.runs.live.web import Opened, Web, ending, heard, stored, web_process

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

MIB = 1024 * 1024


@pytest.fixture
def web(database: Database, broker: str) -> Iterator[Web]:
    with web_process(database, broker, REQUEST_S="3") as started:
        yield started
    assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def place(database: Database) -> World:
    return world()


def dribble(web: Web, first: bytes, then: bytes, *, pause_s: float, at_most_s: float) -> tuple[bytes, float]:
    """What the server says to a client that sends `first`, then `then` again and again; and after how long it ended."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", web.port), timeout=at_most_s) as client:
        client.sendall(first)
        client.settimeout(pause_s)
        said = b""
        while time.monotonic() - began < at_most_s:
            with suppress(TimeoutError):
                try:
                    part = client.recv(4096)
                except ConnectionResetError:
                    part = b""
                if not part:
                    return said, time.monotonic() - began
                said += part
            with suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(then)
    raise AssertionError(f"not ended within {at_most_s} s: {said!r}")


def test_headers_that_never_end_are_ended(web: Web, place: World) -> None:
    """W08"""
    said, took = dribble(web, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-A: b\r\n", pause_s=0.5, at_most_s=20)
    assert said.startswith(b"HTTP/1.1 408") and 8 < took < 15
    wait_for_web(web.port)


@pytest.mark.parametrize("framing", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
def test_a_body_that_never_ends_is_ended(web: Web, place: World, framing: str) -> None:
    """W08: also one of which a byte comes now and then."""
    head = f"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{framing}\r\n\r\n".encode()
    said, took = dribble(web, head, b"1\r\nx\r\n", pause_s=0.3, at_most_s=12)
    assert said.startswith(b"HTTP/1.1 408") and 2 < took < 7


def test_slow_senders_take_no_place_of_others(web: Web, place: World) -> None:
    """W08"""
    slow = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(200)]
    try:
        for client in slow:
            client.sendall(b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\nx")
        began = time.monotonic()
        wait_for_web(web.port)
        assert time.monotonic() - began < 2
        for client in slow:
            client.settimeout(10)
            assert client.recv(100).startswith(b"HTTP/1.1 408")
    finally:
        for client in slow:
            client.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_larger_than_any_is_refused_before_it_is_kept(web: Web, place: World, chunked: bool) -> None:
    """N05, W08"""
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 10000000000"
    head = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + framing + b"\r\n\r\n"
    part = b"100000\r\n" + b"x" * MIB + b"\r\n" if chunked else b"x"
    said, _ = dribble(web, head, part, pause_s=0.01, at_most_s=10)
    assert said.startswith(b"HTTP/1.1 413") or said == b""
    wait_for_web(web.port)


def test_requests_one_after_the_other_each_have_their_own_time(web: Web, place: World) -> None:
    """Control: a connection that is kept lives longer than one request may come in."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as client:
        for _ in range(5):
            client.sendall(b"GET /api/v1/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(1)


async def flood_of_pings(opened: Opened) -> None:
    for _ in range(20_000):
        await opened.ping(b"x" * 100)


async def flood_of_messages(opened: Opened) -> None:
    for _ in range(20_000):
        await opened.send_str('{"type":"resync","after":0}')


@pytest.mark.parametrize("flood", [flood_of_pings, flood_of_messages])
async def test_a_flood_over_a_socket_ends(web: Web, place: World, flood: object) -> None:
    """W03, W08: and gives the place back."""
    _, cookie, path = await setup(place, 1)
    for _ in range(3):
        async with web.socket(path, cookie) as opened:
            await heard(opened)
            with suppress(aiohttp.ClientError, ConnectionError):
                await asyncio.wait_for(flood(opened), 20)  # type: ignore[operator]
            code, _reason = await asyncio.wait_for(ending(opened), 10)
            assert code in (4429, 4400, 1006), code
    assert await web.outcome(path, cookie) == "events"


async def test_a_message_larger_than_any_closes_the_socket(web: Web, place: World) -> None:
    """W03"""
    _, cookie, path = await setup(place, 1)
    async with web.socket(path, cookie) as opened:
        await heard(opened)
        await opened.send_str("x" * MIB)
        assert (await ending(opened))[0] in (4429, 1006)


async def test_pings_of_a_calm_client_are_answered(web: Web, place: World) -> None:
    """Control."""
    _, cookie, path = await setup(place, 1)
    async with web.socket(path, cookie) as opened:
        await heard(opened)
        for _ in range(30):
            await opened.ping()
        await asyncio.sleep(0.5)
        await opened.send_json({"type": "resync", "after": 0})
        assert (await heard(opened))["type"] in ("caught_up", "events")


def long_log(run: Run, chars: int) -> None:
    """Every event as long as `chars`."""
    with system_scope():
        for event in RunEvent.objects.filter(run=run):
            RunEvent.objects.filter(pk=event.pk).update(payload=event.payload.ljust(chars))


async def test_a_long_log_comes_through_whole(web: Web, place: World) -> None:
    """Control: what we send is larger than what we take."""
    run, cookie, path = await setup(place, 30)
    await stored(long_log, run, 128 * 1024)
    seen: list[int] = []
    async with web.socket(path, cookie) as opened:
        while (message := await heard(opened))["type"] != "caught_up":
            seen += [event["seq"] for event in message["events"]]
    assert seen == list(range(1, 31))
