"""A real web server for tests of sockets, and clients that speak to it as browsers do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import aiohttp
from django.db import connection

from tests.faults.servers import free_port, process, wait_for_web
from tests.runs.databases import Database
from tests.runs.services import scratch_folder, wait_until

Opened = aiohttp.ClientWebSocketResponse
P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Web:
    """A web server in a process of its own."""

    port: int
    folder: Path
    pid: int

    def hinder(self, *matches: str, wait_s: float = 0, fail: bool = False, late: bool = False) -> None:
        """Statements of the server that hold one of `matches` wait, before or (`late`) after they are done, or fail."""
        self._write([{"match": match, "wait_s": wait_s, "fail": fail, "late": late} for match in matches])

    def heal(self) -> None:
        self._write([])

    def met(self) -> int:
        """How many statements were hindered so far."""
        met = self.folder / "hindrance.met"
        return len(met.read_text().splitlines()) if met.exists() else 0

    def log(self) -> str:
        return (self.folder / "process.log").read_text()

    def _write(self, hindrances: list[dict[str, Any]]) -> None:
        new = self.folder / "hindrance.new"
        new.write_text(json.dumps(hindrances))
        new.replace(self.folder / "hindrance.json")

    @asynccontextmanager
    async def socket(self, place: str, cookie: bytes, **headers: str) -> AsyncIterator[Opened]:
        """`/ws/<place>`. Raises aiohttp.WSServerHandshakeError when it is refused."""
        own = {"Cookie": cookie.decode(), "Origin": f"http://127.0.0.1:{self.port}", **headers}
        async with aiohttp.ClientSession(headers=own, timeout=aiohttp.ClientTimeout(total=60)) as session:
            async with session.ws_connect(f"http://127.0.0.1:{self.port}/ws/{place}", max_msg_size=0) as opened:
                yield opened

    async def outcome(self, place: str, cookie: bytes) -> int | str:
        """The type of the first thing heard, or the code with which the socket closed."""
        async with self.socket(place, cookie) as opened:
            return await first_of(opened)


async def first_of(opened: Opened) -> int | str:
    message = await opened.receive(timeout=30)
    return str(message.json()["type"]) if message.type is aiohttp.WSMsgType.TEXT else int(opened.close_code or 0)


async def heard(opened: Opened) -> dict[str, Any]:
    message: dict[str, Any] = await opened.receive_json(timeout=30)
    return message


async def ending(opened: Opened) -> tuple[int, str]:
    """The code and the reason with which the server closes."""
    while True:
        message = await opened.receive(timeout=30)
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return int(opened.close_code or 0), str(message.extra or "")


async def stored(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do database work on a thread whose connection ends with it."""

    def done() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(done)


async def becomes(condition: Callable[[], bool], seconds: float, what: str) -> None:
    await asyncio.to_thread(wait_until, condition, seconds, what)


@contextmanager
def web_process(database: Database, redis: str, **settings: str) -> Iterator[Web]:
    """`settings` are variables of its environment."""
    port, folder = free_port(), scratch_folder()
    command = ["-m", "tests.runs.live.hindered_server", "-b", "127.0.0.1", "-p", str(port), "orchestrator.asgi:application"]
    (folder / "hindrance.json").write_text("[]")
    environment = {"HINDRANCE": str(folder / "hindrance.json"), **settings}
    with process(command, database=database.url, redis=redis, folder=folder, environment=environment) as started:
        wait_for_web(port)
        yield Web(port, folder, started.pid)
