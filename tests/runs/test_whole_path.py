"""What programs of others rely on, through every process: addresses, bodies, keys, models named by the environment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema

from tests.model_server import ModelServer, Reply
from tests.runs.api_client import ApiClient
from tests.runs.factories import chain
from tests.runs.installation import PROVIDER_KEY, Installation, ended, run_of

FAULTS = {
    "401": "model_auth",
    "429": "model_rate_limited",
    "500": "model_unavailable",
    "html": "model_bad_reply",
    "truncated": "model_bad_reply",
    "empty-choices": "model_bad_reply",
    "cut": "model_stream_cut",
    "drop": "model_stream_cut",
    "404": "model_unknown",
    "stall": "limit_exceeded",
}
"""What goes wrong at the provider, and what the run says."""


def agent_on(model: str, **limits: Any) -> dict[str, Any]:
    agent = {"name": "Ann", "model": model, "instructions": "Be brief.", "limits": limits}
    return chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents={"a": agent})


def question() -> dict[str, Any]:
    document = chain({"id": "ask", "kind": "human", "params": {"title": "Go on?"}})
    document["edges"][1]["source_port"] = "approve"
    return document


@pytest.fixture(scope="module")
def client(installation: Installation) -> ApiClient:
    return installation.client()


def test_health_says_that_database_and_broker_answer(installation: Installation) -> None:
    found = ApiClient(installation.port).get("health")
    assert (found["status"], found["database"], found["broker"]) == ("ok", True, True)


def test_api_key_prints_a_key_that_works_and_nothing_else(installation: Installation) -> None:
    done = installation.manage("api_key", "--tenant", "demo", "--user", "demo")
    assert (done.returncode, done.stderr) == (0, "")
    [key] = done.stdout.splitlines()
    assert "triage" in {graph["slug"] for graph in ApiClient(installation.port, key).get("graphs")["graphs"]}
    refused = ApiClient(installation.port, f"{key}x").send("GET", "graphs")
    assert refused.status == 401 and refused.json["code"] == "not_signed_in" and refused.json["cure"]
    assert refused.headers["www-authenticate"] == "Bearer"
    nobody = installation.manage("api_key", "--tenant", "demo", "--user", "nobody")
    assert nobody.returncode == 1 and "no user 'nobody'" in nobody.stderr and "Traceback" not in nobody.stderr


def test_the_api_describes_itself_without_a_warning(installation: Installation) -> None:
    schema = ApiClient(installation.port).get("schema")
    validate_schema(schema)
    operations = [
        operation["operationId"] for path in schema["paths"].values() for operation in path.values() if isinstance(operation, dict)
    ]
    assert len(operations) == len(set(operations)) > 30
    assert not [name for name in operations if not name.isidentifier()]
    for path in ("graphs/{slug}/runs", "runs/{run_id}", "runs/{run_id}/events", "runs/{run_id}/commands"):
        assert f"/api/v1/{path}" in schema["paths"]
    done = installation.manage("spectacular", "--validate", "--fail-on-warn")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_is_started_executed_read_and_followed(client: ApiClient, providers: ModelServer) -> None:
    providers.script(Reply(text="Forty-two."), model="gpt-x")
    made = client.post("graphs", {"title": "By key", "document": agent_on("openai/gpt-x")}, 201)
    assert made["slug"] == "by-key"
    run_id = client.post("graphs/by-key/runs", {"input": {"question": "How much?"}}, 201)["id"]
    run = ended(client, run_id)
    assert (run["status"], run["output"], run["trigger"]) == ("succeeded", "Forty-two.", "api")
    assert run["usage"]["calls"] == 1 and run["input"] == {"question": "How much?"}
    log = client.get(f"runs/{run_id}/events?after=0")
    assert [event["seq"] for event in log["events"]] == list(range(1, run["last_seq"] + 1)) and not log["more"]
    rest = client.get(f"runs/{run_id}/events?after={run['last_seq'] - 1}")
    assert [event["type"] for event in rest["events"]] == ["run_succeeded"]
    [asked] = [seen for seen in providers.requests if seen.body["model"] == "gpt-x"]
    assert asked.key == PROVIDER_KEY
    assert PROVIDER_KEY not in client.send("GET", f"runs/{run_id}/events").content.decode()


def test_a_model_that_litellm_routes_gives_the_scripted_answer(client: ApiClient, providers: ModelServer) -> None:
    providers.script(Reply(text="By another road."), model="whole-path")
    run = ended(client, run_of(client, "by-litellm", "x", agent_on("anthropic/whole-path")), 60)
    assert (run["status"], run["output"]) == ("succeeded", "By another road."), run["error"]
    [asked] = [seen for seen in providers.requests if seen.body["model"] == "whole-path"]
    assert asked.key == PROVIDER_KEY


def test_a_waiting_run_is_answered_and_a_started_one_cancelled(client: ApiClient) -> None:
    first = run_of(client, "asking", "x", question())
    second = run_of(client, "asking", "y")
    for run_id in (first, second):
        assert ended(client, run_id, status="waiting")["waiting"] == 1
    [asked] = [row for row in client.get("approvals")["approvals"] if row["run"] == first]
    reply = {"type": "answer", "path": asked["path"], "action": "approve", "digest": asked["digest"]}
    assert client.post(f"runs/{first}/commands", reply, 202)["id"]
    assert ended(client, first)["status"] == "succeeded"
    client.post(f"runs/{second}/commands", {"type": "cancel"}, 202)
    assert ended(client, second)["status"] == "cancelled"


@dataclass
class Misfortune:
    """Runs whose provider fails in every way at once, and one whose provider does not."""

    failing: dict[str, str]
    healthy: str


@pytest.fixture(scope="module")
def misfortune(client: ApiClient, providers: ModelServer) -> Iterator[Misfortune]:
    failing = {}
    for fault in FAULTS:
        limits = {"max_seconds": 1.5} if fault == "stall" else {}
        failing[fault] = run_of(client, f"fault-{fault}", "x", agent_on(f"openai/fault-{fault}", **limits))
    yield Misfortune(failing, run_of(client, "no-fault", "x", agent_on("openai/slow-500")))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_provider_fails_its_run_with_a_code_a_cure_and_a_place(fault: str, misfortune: Misfortune, client: ApiClient) -> None:
    """F09"""
    run_id = misfortune.failing[fault]
    run = ended(client, run_id)
    assert run["status"] == "failed", run
    error = run["error"]
    assert error["code"] == FAULTS[fault] and error["cure"] and "work" in error["path"]
    assert PROVIDER_KEY not in str(error)
    events = client.get(f"runs/{run_id}/events")["events"]
    assert events[-1]["type"] == "run_failed" and not [event for event in events if event["type"] == "effect_finished"]


def test_failing_providers_leave_other_runs_and_the_process_alone(
    misfortune: Misfortune, client: ApiClient, installation: Installation
) -> None:
    """F09"""
    assert ended(client, misfortune.healthy)["status"] == "succeeded"
    assert ended(client, run_of(client, "no-fault", "again"))["status"] == "succeeded"
    assert installation.worker.poll() is None and installation.web.poll() is None
