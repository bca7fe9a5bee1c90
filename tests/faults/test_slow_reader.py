"""W02: a client that opens a socket and never reads is closed, and costs the web process a bounded amount of memory."""

import base64
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runs.models import Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import say
from tests.faults.servers import free_port, process, wait_for_web, web_server
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.live.test_sockets import cookie_of
from tests.runs.services import Valkey, scratch_folder

MIB = 1024 * 1024
EVENTS, EVENT_BYTES = 6000, 16 * 1024
"""A log of 94 MiB, all of which the client asks for."""
GROWTH_MIB = 48


def long_log(run: Run) -> None:
    text = "x" * EVENT_BYTES
    with system_scope():
        for first in range(1, EVENTS, 500):
            rows = (
                RunEvent(tenant_id=run.tenant_id, run=run, seq=seq, type="event", at_us=seq, payload=f'{{"seq":{seq},"x":"{text}"}}')
                for seq in range(first, first + 500)
            )
            RunEvent.objects.bulk_create(rows)
        Run.objects.filter(pk=run.pk).update(last_seq=EVENTS)


def deaf_client(port: int, run: Run, cookie: bytes) -> socket.socket:
    """Opens the websocket and reads its first bytes only."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    lines = [
        f"GET /ws/runs/{run.pk}/?after=0 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        f"Cookie: {cookie.decode()}",
    ]
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


def memory_mib(pid: int) -> float:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_w02_a_client_that_never_reads_is_closed_and_memory_stays_bounded(database: Database, valkey: Valkey) -> None:
    """W02"""
    port = free_port()
    place = world()
    run = place.run("x", due_at=None, status="succeeded")
    long_log(run)
    cookie = cookie_of(place.user)
    with process(web_server(port), database=database.url, redis=valkey.url, folder=scratch_folder()) as web:
        wait_for_web(port)
        before = memory_mib(web.pid)
        with deaf_client(port, run, cookie) as client:
            highest, until = before, time.monotonic() + 5
            while time.monotonic() < until:
                highest = max(highest, memory_mib(web.pid))
                time.sleep(0.05)
            received = 0
            with suppress(ConnectionResetError):
                while data := client.recv(MIB):
                    received += len(data)
        say(f"W02: grew by {highest - before:.0f} MiB for a log of {EVENTS * EVENT_BYTES // MIB} MiB, sent {received / MIB:.1f} MiB")
        assert highest - before < GROWTH_MIB
        assert received < 16 * MIB, "the client was served on although it did not read"
        wait_for_web(port)
