"""F23: a broker that answers with errors, or not at all, ends no worker and holds no request."""

import asyncio
import os
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from runs.live.wake_ups import OUTBOX
from runs.models import Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.people.api_keys import create_api_key
from tests.faults.oracle import say
from tests.faults.processes import freeze_between_commits, thaw
from tests.faults.servers import CELERY_WORKER, process
from tests.faults.test_broker_down import DOCUMENT, consumes, ended, start
from tests.runs.api_client import ApiClient
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.fixtures import use_broker
from tests.runs.live.test_sockets import cookie_of
from tests.runs.live.web import web_process
from tests.runs.services import START_S, Valkey, scratch_folder, wait_until

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
AWAY_S = 4.0
INPUT = b'{"input": "x"}'


@contextmanager
def full(broker: Valkey) -> Iterator[None]:
    """Its memory is used up."""
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1mb")
        yield
        client.config_set("maxmemory", "0")


@contextmanager
def read_only(broker: Valkey) -> Iterator[None]:
    """It has become the replica of another one."""
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        yield
        client.execute_command("REPLICAOF", "NO", "ONE")


class Loads(socketserver.StreamRequestHandler):
    """Answers every command with what a server says that has just begun."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            for _ in range(int(line[1:])):
                self.rfile.readline()
                self.rfile.readline()
            self.wfile.write(b"-LOADING Redis is loading the dataset in memory\r\n")


class Loading(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def loading(broker: Valkey) -> Iterator[None]:
    broker.stop(signal.SIGKILL)
    broker.socket.unlink(missing_ok=True)
    with Loading(str(broker.socket), Loads) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
    broker.socket.unlink(missing_ok=True)
    broker.start()


@contextmanager
def frozen(broker: Valkey) -> Iterator[None]:
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


@pytest.fixture
def own_broker(settings: Settings) -> Iterator[Valkey]:
    broker = Valkey(scratch_folder() / "broker").start()
    use_broker(broker.url, settings)
    yield broker
    broker.stop(signal.SIGKILL)


@pytest.mark.parametrize("fault", [full, read_only, loading, frozen])
def test_f23_a_broker_that_answers_with_errors_ends_no_worker(
    database: Database, own_broker: Valkey, fault: Callable[[Valkey], Iterator[None]]
) -> None:
    """F23"""
    folder: Path = scratch_folder()
    place = world(DOCUMENT)
    with process(CELERY_WORKER, database=database.url, redis=own_broker.url, folder=folder) as worker:
        start(place)
        wait_until(lambda: ended() == 1, START_S, "the worker executes runs")
        wait_until(consumes, 20, "the worker consumes")
        freeze_between_commits(worker.pid, database)
        start(place)
        OUTBOX.settle()  # a message waits that the worker takes when the broker cannot note that it was taken
        with fault(own_broker):  # type: ignore[attr-defined]
            thaw(worker.pid)
            until = time.monotonic() + AWAY_S
            wait_until(lambda: ended() == 2, 10, "runs are executed meanwhile")
            time.sleep(max(0, until - time.monotonic()))
            assert worker.poll() is None, (folder / "process.log").read_text()[-3000:]
        back = time.monotonic()
        start(place)
        wait_until(lambda: ended() == 3, 10, "runs are executed afterwards")
        wait_until(consumes, 30, "the worker consumes again")
        say(f"F23 {fault.__name__}: consuming {time.monotonic() - back:.1f} s later")
        assert worker.poll() is None


def key_of(place: World) -> str:
    with tenant_scope(place.tenant.pk):
        return create_api_key(tenant=place.tenant, user=place.user).secret


def timed(client: ApiClient, method: str, path: str, content: bytes = b"") -> float:
    """How long a good answer took."""
    began = time.monotonic()
    answer = client.send(method, path, content)
    assert answer.status in (200, 201), answer.content
    return time.monotonic() - began


def test_f23_a_broker_that_hangs_holds_no_request_and_no_socket(database: Database, own_broker: Valkey) -> None:
    """F23"""
    place = world(DOCUMENT)
    runs, cookie = f"graphs/{place.graph.slug}/runs", cookie_of(place.user)
    with web_process(database, own_broker.url) as web:
        client = ApiClient(web.port, key_of(place))
        timed(client, "POST", runs, INPUT)
        with frozen(own_broker):
            took = [timed(client, "POST", runs, INPUT) for _ in range(12)]
            health = timed(client, "GET", "health")
            with system_scope():
                run = Run.objects.latest("created_at")
            began = time.monotonic()
            assert asyncio.run(web.outcome(f"runs/{run.pk}/", cookie)) == "caught_up"
            opened = time.monotonic() - began
        say(f"F23: slowest POST {max(took) * 1e3:.0f} ms, health {health * 1e3:.0f} ms, socket {opened * 1e3:.0f} ms")
        assert max(took) < 1 and health < 1 and opened < 2
        assert "Traceback" not in web.log()
