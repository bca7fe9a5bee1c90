"""Everything at once: workers, web and broker are killed, the database locks, cuts off and fails over, the model is erratic."""

import json
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from runs.models import Run
from tenants.isolation.scope import system_scope
from tests.faults.disturbances import READ_ONLY, WRITABLE, altered, cut_connections, locked
from tests.faults.oracle import check, say
from tests.faults.processes import Processes, kill
from tests.faults.servers import free_port, process, wait_for_web, web_server
from tests.faults.test_killed_workers import AGENTS, SAVE, SEND, WORK
from tests.model_server.server import ModelServer
from tests.runs.api_client import ApiClient
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.installation import key_of
from tests.runs.services import Valkey, scratch_folder, wait_until

CHAOS_S = float(os.environ.get("CHAOS_MIXED_S", "1800"))
REST = {"id": "rest", "kind": "wait", "params": {"seconds": 2.5}}
ASK = {"id": "ask", "kind": "human", "params": {"title": "Go on?"}}
ENDINGS = {"succeeded", "failed", "waiting", "crashed"}


def documents() -> tuple[dict[str, Any], ...]:
    asking = chain(WORK, ASK, SAVE, agents=AGENTS)
    asking["edges"][2]["source_port"] = "approve"
    return (
        chain(WORK, SAVE, {**WORK, "id": "w2"}, SEND, agents=AGENTS),
        chain(SAVE, REST, {**WORK, "id": "w2"}, {**SAVE, "id": "s2"}, agents=AGENTS),
        asking,
    )


@dataclass
class Storm:
    """One installation of web, broker and two workers, and what happens to it. Web and workers are started again as a supervisor would."""

    database: Database
    processes: Processes
    postgres: Any
    chance: random.Random
    folder: Path = field(default_factory=scratch_folder)
    stack: ExitStack = field(default_factory=ExitStack)
    workers: list[int] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    next: list[str] = field(default_factory=list)
    """What will go wrong: everything once, in any order, then again."""

    def start(self) -> None:
        self.broker = Valkey(self.folder / "broker").start()
        self.port = free_port()
        self.places = [world(document) for document in documents()]
        self.keys = [key_of(place.tenant.slug, place.user.username) for place in self.places]
        self.start_web()
        self.workers = [self.worker() for _ in range(2)]

    def worker(self) -> int:
        return self.processes.start(self.database.url, model_s=0.4, tool_s=0.05, erratic=0.1, redis=self.broker.url)

    def start_web(self) -> None:
        place: dict[str, Any] = {"database": self.database.url, "redis": self.broker.url, "folder": self.folder / "web"}
        self.web = self.stack.enter_context(process(web_server(self.port), **place))
        wait_for_web(self.port)

    def stop(self) -> None:
        self.stack.close()
        self.broker.stop(signal.SIGKILL)

    def ask_for_a_run(self) -> None:
        """What was answered 201 must be there at the end; what was refused must say so with 503, or not at all."""
        index = random.randrange(len(self.places))
        try:
            answer = ApiClient(self.port, self.keys[index]).send("POST", "graphs/graph/runs", b'{"input": "x"}')
        except OSError:
            self.refused += 1
            return
        assert answer.status in (201, 503), answer.content[:500]
        if answer.status == 201:
            self.accepted.append(answer.json["id"])
        else:
            self.refused += 1

    def ask_all_the_while(self, over: threading.Event) -> None:
        while not over.wait(0.3):
            self.ask_for_a_run()

    def disturb(self) -> str:
        """Something goes wrong, and is over when this returns."""
        if not self.next:
            self.next = ["worker", "worker", "web", "broker", "lock"] + ["cut", "failover"] * (self.database.vendor == "postgresql")
            self.chance.shuffle(self.next)
        kind = self.next.pop()
        if kind == "worker":
            victim = self.chance.randrange(2)
            kill(self.workers[victim])
            self.workers[victim] = self.worker()
        elif kind == "web":
            self.web.send_signal(signal.SIGKILL)
            self.web.wait(10)
            self.start_web()
        elif kind == "broker":
            self.broker.stop(signal.SIGKILL)
            time.sleep(self.chance.uniform(0, 3))
            self.broker.start()
        elif kind == "lock":
            locked(self.database, self.postgres, self.chance.uniform(1, 7))
        elif kind == "cut":
            cut_connections(self.postgres(), self.database)
        else:
            with altered(self.postgres(), self.database, READ_ONLY, WRITABLE):
                time.sleep(self.chance.uniform(1, 8))
        return kind

    def rage(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        happened: dict[str, int] = {}
        over = threading.Event()
        with ThreadPoolExecutor(1) as person:
            asking = person.submit(self.ask_all_the_while, over)
            try:
                while time.monotonic() < until:
                    time.sleep(self.chance.uniform(0.2, 2))
                    kind = self.disturb()
                    happened[kind] = happened.get(kind, 0) + 1
            finally:
                over.set()
            asking.result()
        say(f"chaos on {self.database.vendor}: {json.dumps(happened)}, {len(self.accepted)} runs taken, {self.refused} requests refused")


def mixed(database: Database, processes: Processes, sink: ModelServer, postgres: Any, seconds: float) -> None:
    seed = random.randrange(10**6)
    say(f"chaos on {database.vendor}: seed {seed}")
    storm = Storm(database, processes, postgres, random.Random(seed))
    try:
        storm.start()
        storm.rage(seconds)
        wait_until(lambda: not busy(), 120, f"every run has ended or waits: {busy()}")
        for worker in storm.workers:
            kill(worker)
    finally:
        storm.stop()
    check(sink)
    with system_scope():
        ends = dict(Run.objects.values_list("pk", "status"))
    assert {str(pk) for pk in ends} >= set(storm.accepted), "a run that was taken is not there"
    assert set(ends.values()) <= ENDINGS, ends
    assert "crashed" not in ends.values() or seconds > 300


def busy() -> int:
    """Runs that a worker has or will take. One query: a run that wakes between two would be in neither."""
    with system_scope():
        return Run.objects.unfinished().filter(~Q(status="waiting") | Q(due_at__isnull=False)).count()


def test_f02_everything_at_once_for_a_short_time(
    database: Database, processes: Processes, sink: ModelServer, request: pytest.FixtureRequest
) -> None:
    """F02, F05, F06, F07, F17, F18, F25, short"""
    mixed(database, processes, sink, lambda: request.getfixturevalue("postgres"), 10)


@pytest.mark.chaos
def test_f02_everything_at_once_for_a_long_time(
    database: Database, processes: Processes, sink: ModelServer, request: pytest.FixtureRequest
) -> None:
    """F02, F05, F06, F07, F17, F18, F25"""
    mixed(database, processes, sink, lambda: request.getfixturevalue("postgres"), CHAOS_S)
