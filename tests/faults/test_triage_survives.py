"""The shipped triage on all its tickets, its worker killed in the middle: the run goes on by itself, on both databases."""

import copy
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from editor.starters.catalog import starter
from runs.models import Pulse, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check_log, say
from tests.model_server.server import ModelServer
from tests.runs.api_client import ApiClient
from tests.runs.databases import Database
from tests.runs.installation import Installation
from tests.runs.services import START_S, Valkey, scratch_folder, wait_until

TAKEOVER_S = 15.0
KILL_AT = 20
"""Tickets that are filed when the worker dies."""
TICKETS = 64


@pytest.fixture
def providers_sink() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def installed(database: Database, valkey: Valkey, providers_sink: ModelServer) -> Iterator[Installation]:
    started = Installation(database, valkey.url, scratch_folder(), providers_sink.base).start()
    yield started
    started.stop()


def with_filing(sink: str) -> dict[str, Any]:
    """The triage as it is shipped, with one more step per ticket that changes the world outside."""
    document: dict[str, Any] = copy.deepcopy(starter("triage").document)
    filed = {"url": f"{sink}/sink?latency_s=0.05", "body": {"ticket": "{{ item.ticket_id }}"}}
    step = {"id": "file", "kind": "tool", "title": "File it", "params": {"tool": "http_send_once", "arguments": filed}, "parent": "triage"}
    document["nodes"].append(step)
    for edge in document["edges"]:
        if (edge["source"], edge["target"]) == ("triage", "classify"):
            edge["target"] = "file"
    document["edges"].append({"id": "file_classify", "source": "file", "source_port": "out", "target": "classify", "target_port": "in"})
    document["layout"] = {}
    return document


@dataclass
class Triage:
    """One run of it, seen through the API."""

    client: ApiClient
    id: str
    answered: set[str] = field(default_factory=set)

    def now(self) -> Any:
        return self.client.get(f"runs/{self.id}")

    def answer_all(self) -> None:
        """Decide whatever is asked until the run has ended."""

        def over() -> bool:
            for asked in self.client.get("approvals")["approvals"]:
                if asked["path"] not in self.answered:
                    reply = {"type": "answer", "path": asked["path"], "action": "approve", "digest": asked["digest"]}
                    self.client.post(f"runs/{self.id}/commands", reply, 202)
                    self.answered.add(asked["path"])
            return bool(self.now()["status"] not in ("queued", "running", "waiting"))

        wait_until(over, 30, "everything is answered and the run has ended")


def events_of(run_id: str, kind: str) -> list[dict[str, Any]]:
    with system_scope():
        return list(RunEvent.objects.filter(run=run_id, type=kind).order_by("seq").values("seq", "at_us", "payload"))


def row_of(run_id: str) -> Run:
    with system_scope():
        return Run.objects.select_related("graph_version").get(pk=UUID(run_id))


def workers_seen() -> int:
    return Pulse.objects.filter(kind=Pulse.Kind.WORKER).count()


def killed_in_the_middle(installed: Installation, sink: ModelServer, run: Triage) -> float:
    """The takeover, in seconds after another worker was there: how long that takes to start says nothing of runs."""
    wait_until(lambda: len(sink.sink) >= KILL_AT, 30, "the run is in its middle")
    installed.worker.kill()
    installed.worker.wait(10)
    assert run.now()["status"] == "running" and workers_seen() == 1
    installed.start_worker()
    wait_until(lambda: workers_seen() == 2, START_S, "another worker is there")
    there_at = time.time()
    wait_until(lambda: len(events_of(run.id, "run_claimed")) == 2, TAKEOVER_S + 5, "another worker has taken over")
    return float(events_of(run.id, "run_claimed")[1]["at_us"]) / 1e6 - there_at


def check_nothing_happened_twice(run: Triage, sink: ModelServer) -> None:
    """The log says each result once; outside, each ticket was filed under one key, and once if its result was in the log."""
    with system_scope():
        state = check_log(row_of(run.id))
    filed = {path: effect for path, effect in state.effects.items() if effect.name == "http_send_once"}
    assert len(filed) == TICKETS and all(effect.status == "succeeded" for effect in filed.values())
    keys = Counter(entry.key for entry in sink.sink)
    assert set(keys) == {effect.idempotency_key for effect in filed.values()}
    taken = int(events_of(run.id, "run_claimed")[1]["seq"])
    finished_before = [event for event in events_of(run.id, "effect_finished") if event["seq"] < taken]
    paths_before = {path for path in filed if any(f'"{path}"' in event["payload"] for event in finished_before)}
    assert len(paths_before) >= KILL_AT // 2
    twice = {path for path, effect in filed.items() if keys[effect.idempotency_key] > 1}
    assert not twice & paths_before, f"performed again although finished: {twice & paths_before}"
    assert len({entry.body["ticket"] for entry in sink.sink}) == TICKETS
    say(f"repeated with the same key, because the answer was lost with the worker: {len(twice)}")


def check_a_neighbour_sees_nothing(rival: ApiClient, run: Triage) -> None:
    for path in ("", "/events", "/table.csv", f"/blobs/{'0' * 64}"):
        missing = rival.get(f"runs/00000000-0000-0000-0000-000000000000{path}", 404)
        assert rival.get(f"runs/{run.id}{path}", 404) == missing
    rival.post(f"runs/{run.id}/commands", {"type": "cancel"}, 404)
    assert rival.get("runs")["runs"] == [] and rival.get("approvals")["approvals"] == []


def test_the_triage_survives_the_death_of_its_worker(installed: Installation, providers_sink: ModelServer) -> None:
    """F01, whole product"""
    client, rival = installed.client(), installed.client("acme", "rival")
    client.post("graphs", {"title": "Filed", "document": with_filing(providers_sink.url)}, 201)
    run_id = client.post("graphs/filed/runs", {"input": starter("triage").example_input}, 201)["id"]
    run = Triage(client, run_id)
    took = killed_in_the_middle(installed, providers_sink, run)
    wait_until(lambda: run.now()["status"] == "waiting", 20, "the run waits for people")
    check_a_neighbour_sees_nothing(rival, run)
    run.answer_all()
    ended = run.now()
    assert ended["status"] == "succeeded" and len(ended["output"]["rows"]) == TICKETS, ended["error"]
    assert all("reply" in row for row in ended["output"]["rows"])
    check_nothing_happened_twice(run, providers_sink)
    say(f"takeover {took:.1f} s after another worker was there")
    assert took < TAKEOVER_S
