"""F07: the web process is killed while a client watches; the client misses nothing and sees nothing twice."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from runs.models import Run
from tests.faults.servers import free_port, process, wait_for_web, web_server
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.live.test_sockets import add_events, cookie_of
from tests.runs.services import Valkey, scratch_folder


class Watcher:
    """A client that reconnects from the last number it has, as the browser does."""

    def __init__(self, port: int, run: Run, cookie: bytes) -> None:
        self.seen: list[int] = []
        self._url = f"http://127.0.0.1:{port}/ws/runs/{run.pk}/"
        self._headers = {"Cookie": cookie.decode(), "Origin": f"http://127.0.0.1:{port}"}

    async def watch(self, until: int, seconds: float) -> None:
        """Until event `until` has come or the connection is gone."""
        after = self.seen[-1] if self.seen else 0
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with aiohttp.ClientSession(timeout=timeout, headers=self._headers) as session:
            async with session.ws_connect(f"{self._url}?after={after}") as socket:
                async for message in socket:
                    data: Any = message.json()
                    self.seen += [event["seq"] for event in data.get("events", [])]
                    if self.seen and self.seen[-1] >= until:
                        return


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f07_a_client_resyncs_when_the_web_process_was_killed(database: Database, valkey: Valkey) -> None:
    """F07, short"""
    folder, port = scratch_folder(), free_port()
    place = world()
    run = place.run("x", due_at=None, status="succeeded")
    cookie = cookie_of(place.user)
    add_events(run, 1, 50)
    watcher = Watcher(port, run, cookie)
    with process(web_server(port), database=database.url, redis=valkey.url, folder=folder) as web:
        wait_for_web(port)
        asyncio.run(watcher.watch(50, 10))
        web.kill()
    add_events(run, 51, 200)
    with process(web_server(port), database=database.url, redis=valkey.url, folder=folder):
        wait_for_web(port)
        began = time.monotonic()
        asyncio.run(watcher.watch(200, 10))
        took = time.monotonic() - began
    assert watcher.seen == list(range(1, 201))
    assert took < 3
