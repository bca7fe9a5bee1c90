"""F06, F18, F25 as people and tools see them: 503 and never 500, a gate that finds the database again, health that says what works."""

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from runs.models import Run
from tenants.isolation.scope import system_scope
from tests.faults.disturbances import AWAY, BACK, READ_ONLY, WRITABLE, altered, cut_connections
from tests.faults.oracle import say
from tests.model_server.server import ModelServer
from tests.runs.api_client import Answer, ApiClient
from tests.runs.databases import Database
from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of
from tests.runs.services import START_S, Postgres, Valkey, scratch_folder, wait_until

SUM = chain({"id": "sum", "kind": "tool", "params": {"tool": "calculator", "arguments": {"expression": "40 + 2"}}})
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def installed(database: Database, valkey: Valkey) -> Iterator[Installation]:
    with ModelServer() as providers:
        started = Installation(database, valkey.url, scratch_folder(), providers.base).start()
        yield started
        started.stop()


def refused(answer: Answer) -> bool:
    assert answer.status in (503, 200), answer.content[:300]
    assert answer.status == 200 or int(answer.headers["retry-after"]) >= 1
    return answer.status == 503


def summed(client: ApiClient, graph: str) -> None:
    run = ended(client, run_of(client, graph, None))
    assert run["status"] == "succeeded" and run["output"]["result"] == 42, run["error"]


def test_f18_requests_get_503_and_tools_work_again_once_the_database_is_back(
    database: Database, installed: Installation, postgres: Postgres
) -> None:
    """F06, F18"""
    client = installed.client()
    first = run_of(client, "sum", None, SUM)
    assert ended(client, first)["status"] == "succeeded"
    anybody = ApiClient(installed.port)
    with altered(postgres, database, AWAY, BACK):
        began = time.monotonic()
        for answer in (
            client.send("GET", f"runs/{first}"),
            client.send("GET", "graphs"),
            client.send("POST", "graphs/sum/runs", json.dumps({"input": None}).encode()),
            client.send("POST", f"runs/{first}/commands", json.dumps({"type": "cancel"}).encode()),
            client.send("GET", "../../runs/", Cookie="sessionid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            anybody.send("GET", "health/ready"),
        ):
            assert answer.status == 503, answer.content[:300]
        for answer in (client.send("GET", "graphs"), client.send("GET", "../../runs/", Cookie="sessionid=" + "a" * 32)):
            assert int(answer.headers["retry-after"]) >= 1
        assert anybody.send("GET", "health/live").status == 200
        say(f"F06: ten requests without a database took {time.monotonic() - began:.1f} s")
    wait_until(lambda: not refused(client.send("GET", "graphs")), 10, "the web process answers again")
    summed(client, "sum")
    cut_connections(postgres, database)  # while everything is idle, as a restart does
    for _ in range(3):
        summed(client, "sum")


def test_f18_a_restart_while_everything_is_idle_costs_no_tool_run(database: Database, installed: Installation, postgres: Postgres) -> None:
    """F06, F18: the server recovers as from a crash, and every connection that anybody kept is dead."""
    client = installed.client()
    run_of(client, "sum", None, SUM)
    for _ in range(2):
        summed(client, "sum")  # every thread has its connection by now
    connection.close()
    postgres.restart(signal.SIGQUIT)
    wait_until(lambda: not refused(client.send("GET", "graphs")), 10, "the web process answers again")
    for _ in range(4):
        summed(client, "sum")
    wait_until(lambda: ApiClient(installed.port).send("GET", "health/ready").status == 200, START_S, "everybody can work again")
    with system_scope():
        assert set(Run.objects.values_list("status", "crashes")) == {("succeeded", 0)}


def test_f25_what_is_only_read_is_served_while_nothing_can_be_written(
    database: Database, installed: Installation, postgres: Postgres
) -> None:
    """F25"""
    client = installed.client()
    first = run_of(client, "sum", None, SUM)
    assert ended(client, first)["status"] == "succeeded"
    with altered(postgres, database, READ_ONLY, WRITABLE):
        assert client.get(f"runs/{first}")["output"]["result"] == 42
        answer = client.send("POST", "graphs/sum/runs", json.dumps({"input": None}).encode())
        assert answer.status == 503 and answer.json["code"] == "database_away" and int(answer.headers["retry-after"]) >= 1
    wait_until(
        lambda: client.send("POST", "graphs/sum/runs", json.dumps({"input": None}).encode()).status == 201, 10, "runs are taken again"
    )
    summed(client, "sum")


def test_health_says_by_command_and_by_http_who_can_do_its_work(database: Database, installed: Installation) -> None:
    anybody = ApiClient(installed.port)
    wait_until(
        lambda: anybody.get("health/ready")["worker"]["ok"] and anybody.get("health/ready")["scheduler"]["ok"], START_S, "all is well"
    )
    report = anybody.get("health/ready")
    assert report["worker"]["alive"] == 1 and report["stranded_runs"] == 0 and report["worker"]["builds"] == [report["build"]]
    assert anybody.get("health").keys() == report.keys()
    for part in ("worker", "scheduler"):
        done = installed.manage("health", part)
        assert done.returncode == 0 and json.loads(done.stdout)["broken"] == [], done.stdout + done.stderr
    nobody = installed.manage("health", "worker", "--process", "00000000-0000-0000-0000-000000000000")
    assert nobody.returncode == 1 and json.loads(nobody.stdout)["alive"] == 0 and "Traceback" not in nobody.stderr
    os.kill(installed.worker.pid, signal.SIGTERM)
    installed.worker.wait(30)
    assert installed.manage("health", "worker").returncode == 1, "a worker that was stopped is gone at once"
