"""Sockets over the real server: what is on the wire, who counts, how they close."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import aiohttp
import pytest

from runs.live.groups import run_group, send_to
from runs.models import Run
from tests.faults.oracle import say
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.live.test_sockets import add_events, cookie_of, frame, run_with_events
from tests.runs.live.web import Web, becomes, ending, first_of, heard, stored, web_process

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

EVENT_ROWS = 'FROM "runs_runevent"'
RUN_ROWS = 'FROM "runs_run"'
PER_USER = 40


@pytest.fixture
def web(database: Database, broker: str) -> Iterator[Web]:
    with web_process(database, broker) as started:
        yield started
    assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def place(database: Database) -> World:
    return world()


async def setup(place: World, events: int) -> tuple[Run, bytes, str]:
    run, cookie = await stored(lambda: (run_with_events(place, events), cookie_of(place.user)))
    return run, cookie, f"runs/{run.pk}/"


async def show(run: Run, first: int, last: int) -> None:
    await send_to(run_group(run.pk), frame(first, last))


async def test_a_frame_that_comes_while_the_log_is_read_doubles_nothing(web: Web, place: World) -> None:
    run, cookie, path = await setup(place, 10)
    async with web.socket(f"{path}?after=10", cookie) as opened:
        assert await heard(opened) == {"type": "caught_up", "last_seq": 10}
        web.hinder(RUN_ROWS, EVENT_ROWS, wait_s=0.5, late=True)
        await stored(add_events, run, 11, 12)
        await becomes(lambda: web.met() > 0, 10, "something looks for lost frames")
        await show(run, 11, 12)
        await asyncio.sleep(0.2)
        await stored(add_events, run, 13, 13)
        await show(run, 13, 13)
        wire: list[int] = []
        with suppress(TimeoutError):
            while True:
                wire += [event["seq"] for event in (await opened.receive_json(timeout=3)).get("events", [])]
    assert wire == [11, 12, 13]


async def test_openings_that_fail_do_not_lock_their_user_out(web: Web, place: World) -> None:
    """W08"""
    _, cookie, path = await setup(place, 3)
    web.hinder(EVENT_ROWS, fail=True)
    async with AsyncExitStack() as held:
        for _ in range(PER_USER + 1):
            opened = await held.enter_async_context(web.socket(path, cookie))
            assert (await ending(opened))[0] == 4503
    web.heal()
    assert await web.outcome(path, cookie) == "events"


async def test_a_race_of_openings_lets_exactly_the_quota_pass(web: Web, place: World) -> None:
    """W08"""
    _, cookie, path = await setup(place, 1)
    web.hinder(RUN_ROWS, wait_s=0.05)
    async with AsyncExitStack() as held:

        async def open_one() -> int | str:
            return await first_of(await held.enter_async_context(web.socket(path, cookie)))

        found = Counter(await asyncio.gather(*(open_one() for _ in range(150))))
        assert found == {"events": PER_USER, 4429: 150 - PER_USER}
    assert await web.outcome(path, cookie) == "events"


async def test_sockets_whose_client_went_while_they_opened_give_their_place_back(web: Web, place: World) -> None:
    """W08: the server cancels what does not end ten seconds after its client has gone."""
    _, cookie, path = await setup(place, 1)
    web.hinder(EVENT_ROWS, wait_s=60)

    async def open_and_go() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(2), web.socket(path, cookie) as opened:
                await opened.receive()

    await asyncio.gather(*(open_and_go() for _ in range(PER_USER)))
    await asyncio.sleep(11.5)
    web.heal()
    assert await asyncio.wait_for(web.outcome(path, cookie), 5) == "events"


async def test_sockets_closed_for_abuse_give_their_place_back(web: Web, place: World) -> None:
    """W03, W08"""
    _, cookie, path = await setup(place, 0)
    for _ in range(PER_USER + 1):
        async with web.socket(path, cookie) as opened:
            await opened.send_str("no json")
            assert await ending(opened) == (4400, "This is not what a client of ours says.")
    assert await web.outcome(path, cookie) == "caught_up"


async def test_after_that_is_no_event_of_the_run_is_refused(web: Web, place: World) -> None:
    _, cookie, path = await setup(place, 3)
    for after in ("4", "-1", "x", "", "1e3", "²", "9" * 30, "1&after=2", "0x1", "+1"):
        async with web.socket(f"{path}?after={after}", cookie) as opened:
            assert await ending(opened) == (4416, "`after` must be a number from 0 to the run's last event."), after


async def test_resync_beyond_what_was_sent_is_refused(web: Web, place: World) -> None:
    _, cookie, path = await setup(place, 3)
    async with web.socket(f"{path}?after=0", cookie) as opened:
        await heard(opened)
        await opened.send_json({"type": "resync", "after": 4})
        assert (await ending(opened))[0] == 4416


async def test_every_close_has_a_code_that_the_library_sends(web: Web, place: World) -> None:
    """W01 to W03: the fixture looks for tracebacks."""
    run, cookie, path = await setup(place, 2)
    stranger = await stored(lambda: cookie_of(world().user))
    assert await web.outcome(path, stranger) == 4404
    for refused in ({"Origin": "http://evil.example"}, {"Origin": "http://["}, {"Origin": "null"}, {"Cookie": "sessionid=x"}):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with web.socket(path, cookie, **refused):
                pass
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with web.socket("nowhere/", cookie):
            pass
    async with web.socket(path, cookie) as flooding:
        for _ in range(30):
            await flooding.send_json({"type": "resync", "after": 0})
        assert (await ending(flooding))[0] == 4400
    async with web.socket(path, cookie) as binary:
        await binary.send_bytes(b"\x00")
        assert (await ending(binary))[0] == 4400
    async with web.socket(path, cookie) as going:
        await heard(going)
        going._response.connection.transport.abort()  # type: ignore[union-attr]
        await stored(add_events, run, 3, 3)
        await show(run, 3, 3)
    await asyncio.sleep(0.3)


async def test_a_slow_query_of_one_socket_does_not_stop_the_others(web: Web, place: World) -> None:
    slow, cookie, slow_path = await setup(place, 3)
    _, _, path = await setup(place, 3)
    web.hinder(slow.pk.hex, wait_s=10)
    async with web.socket(slow_path, cookie):
        await becomes(lambda: web.met() > 0, 10, "the slow query has begun")
        assert await asyncio.wait_for(web.outcome(path, cookie), 1.5) == "events"


async def test_the_first_socket_of_a_process_hears_its_first_frame_at_once(web: Web, place: World) -> None:
    """While a process has no subscription at all, the channel layer looks for messages every 100 ms only."""
    run, cookie, path = await setup(place, 0)
    await show(run, 1, 1)
    late = []
    for number in range(16):
        await asyncio.sleep(0.05 + number * 0.013)  # anywhere in the layer's 100 ms
        async with web.socket(path, cookie) as opened:
            assert await heard(opened) == {"type": "caught_up", "last_seq": 0}
            began = time.perf_counter()
            await show(run, 1, 1)
            assert (await heard(opened))["type"] == "events"
            late.append((time.perf_counter() - began) * 1e3)
    say(f"first frame of a first socket: median {statistics.median(late):.1f} ms, worst {max(late):.1f} ms")
    assert sorted(late)[12] < 20, late
