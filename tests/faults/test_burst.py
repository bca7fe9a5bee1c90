"""F08: a burst on one run, watched by many, while the broker forgets everything and cuts its listeners off."""

import asyncio
import time
from contextlib import suppress

import aiohttp
import pytest
import redis

from runs.live.publisher import Publisher
from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import say
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.live.test_sockets import add_events, cookie_of
from tests.runs.live.web import Web, stored, web_process
from tests.runs.services import Valkey

PER_FRAME, FRAME_S, FRAMES = 50, 0.05, 80
"""1,000 events a second for four seconds."""
CLIENTS = 20
QUIET_S = 2.0


class Watcher:
    """Reconnects from the last number it has, as the browser does, and takes what comes as it comes."""

    def __init__(self, web: Web, run: Run, cookie: bytes, *, pause_s: float = 0) -> None:
        self.seen: list[int] = []
        self.connections = 0
        self._web, self._cookie, self._place, self._pause_s = web, cookie, f"runs/{run.pk}/", pause_s

    async def watch(self) -> None:
        while True:
            self.connections += 1
            with suppress(aiohttp.ClientError):
                async with self._web.socket(f"{self._place}?after={len(self.seen)}", self._cookie) as opened:
                    async for message in opened:
                        self.seen += [event["seq"] for event in message.json().get("events", [])]
                        if self.seen and self._pause_s:
                            await asyncio.sleep(self._pause_s)
                            self._pause_s = 0


async def burst(run: Run, valkey: Valkey) -> None:
    """Commit and show; in the middle the broker forgets all and cuts off whoever listens."""
    publisher = Publisher()
    with redis.Redis(unix_socket_path=str(valkey.socket)) as broker:
        for number in range(FRAMES):
            began = time.monotonic()
            first, last = number * PER_FRAME + 1, (number + 1) * PER_FRAME
            await stored(add_events, run, first, last)
            publisher.events(run.pk, first, [f'{{"seq":{seq}}}' for seq in range(first, last + 1)], last=False)
            if number == FRAMES // 2:
                broker.flushall()
            if number == FRAMES - 5:  # the last frames are lost to everybody
                broker.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.sleep(max(0, FRAME_S - (time.monotonic() - began)))
        await publisher.drain()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_f08_after_a_burst_every_client_has_what_the_database_has(database: Database, broker: str, valkey: Valkey) -> None:
    """F08"""
    run, cookie = await stored(lambda: (lambda place: (place.run("x", due_at=None, status="succeeded"), cookie_of(place.user)))(world()))
    with web_process(database, broker) as web:
        watchers = [Watcher(web, run, cookie) for _ in range(CLIENTS - 1)] + [Watcher(web, run, cookie, pause_s=3)]
        watching = [asyncio.ensure_future(watcher.watch()) for watcher in watchers]
        await asyncio.sleep(0.5)
        await burst(run, valkey)
        await asyncio.sleep(QUIET_S)
        stored_numbers = await stored(numbers, run)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        say(f"F08: {len(stored_numbers)} events, connections {sum(watcher.connections for watcher in watchers)} for {CLIENTS} clients")
        for watcher in watchers:
            assert watcher.seen == stored_numbers, f"{len(watcher.seen)} of {len(stored_numbers)}"


def numbers(run: Run) -> list[int]:
    with system_scope():
        return list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", flat=True))
