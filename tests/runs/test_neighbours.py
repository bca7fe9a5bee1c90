"""One tenant writes the worst that may be written; the other's runs, requests and the product's health go on. Real processes."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.capabilities.evaluation.attacks import HOLDS_ITSELF, NUMBERS, deep, nested
from tests.runs.api_client import ApiClient
from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of

PATIENCE_S = 45.0
"""For one answer to the neighbour; the machine that tests is busy with the attack and may be small."""


@pytest.fixture(scope="module")
def attacker(installation: Installation) -> ApiClient:
    return installation.client("acme", "rival")


@pytest.fixture(scope="module")
def neighbour(installation: Installation) -> ApiClient:
    return installation.client()


def transform(expression: str) -> dict[str, Any]:
    return chain({"id": "work", "kind": "transform", "params": {"expression": expression}})


def query(path: str) -> dict[str, Any]:
    return chain({"id": "work", "kind": "tool", "params": {"tool": "json_query", "arguments": {"data": "{{ run.input }}", "path": path}}})


def sums(number: int) -> dict[str, Any]:
    """Sixty nodes, each with an expression as long as one may be."""
    nodes = [{"id": f"n{index}", "kind": "transform", "params": {"expression": f"{number}+{index}" + "+1" * 990}} for index in range(60)]
    return {"nodes": nodes, "edges": []}


WORST: dict[str, tuple[dict[str, Any], Any]] = {
    "g06 all": (transform("run.input.all(a, run.input.all(b, a * b >= 0))"), NUMBERS),
    "g06 copies": (transform("run.input.map(a, run.input.map(b, run.input))"), NUMBERS),
    "g07 query": (query("$..*..*..*..*"), deep(12)),
    "g08 answers": ({**transform("1"), "inputs": HOLDS_ITSELF}, nested(20)),
}


@pytest.mark.parametrize("name", ["g06 all", "g06 copies", "g07 query"])
def test_run_of_the_worst_ends_with_a_clear_limit_and_the_neighbour_s_before_it(
    name: str, attacker: ApiClient, neighbour: ApiClient
) -> None:
    """G06, G07"""
    document, value = WORST[name]
    slug = name.replace(" ", "-")
    worst = [run_of(attacker, slug, value, document if number == 0 else None) for number in range(6)]
    own = "quiet-beside-" + slug
    for number in range(3):
        run = run_of(neighbour, own, {"n": number}, transform("run.input.n > 1 ? 'many' : 'few'") if number == 0 else None)
        assert ended(neighbour, run)["status"] == "succeeded"
    assert any(attacker.get(f"runs/{run}")["status"] in ("queued", "running") for run in worst), "the attack was over before"
    for run in worst:
        found = ended(attacker, run, 240)
        error = found["error"]
        assert found["status"] == "failed" and error["code"] in ("limit_exceeded", "timeout"), error
        assert error["message"] and error["cure"]


def test_input_against_a_form_that_explodes_is_refused(attacker: ApiClient) -> None:
    """G08"""
    document, value = WORST["g08 answers"]
    attacker.post("graphs", {"title": "Form", "document": document}, 201)
    answer = attacker.send("POST", "graphs/form/runs", json.dumps({"input": value}).encode())
    assert answer.status == 400 and "It took more than" in answer.json["detail"] and answer.json["cure"], answer.content


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "file:///etc/passwd"}, "is outside of the schema"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, "is outside of the schema"),
        ({"$defs": {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(18)}, "$ref": "#/$defs/a0"}, "leads nowhere"),
        ({"pattern": "(?=a)b"}, "look-ahead"),
        ({"enum": ["x" * 300_000]}, "characters"),
    ],
)
def test_schema_that_leads_outside_or_explodes_is_a_problem_of_the_graph(attacker: ApiClient, schema: Any, told: str) -> None:
    """N06, G08"""
    made = attacker.post("graphs", {"title": "Schema", "document": {**transform("1"), "inputs": schema}}, 201)
    problems = attacker.get(f"graphs/{made['slug']}")["problems"]
    assert any(told in problem["message"] and problem["field"] == "inputs" for problem in problems), problems
    assert attacker.send("POST", f"graphs/{made['slug']}/runs", b'{"input": {}}').status == 400


def test_saving_and_ruling_without_pause_leaves_the_neighbour_and_health_alone(attacker: ApiClient, neighbour: ApiClient) -> None:
    """G09, G10"""
    attacker.post("graphs", {"title": "Sums", "document": transform("1")}, 201)
    statuses: set[int] = set()
    stop = threading.Event()

    def again(attack: Callable[[int], int]) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            statuses.add(attack(number))

    def save(number: int) -> int:
        revision = attacker.get("graphs/sums")["revision"]
        return attacker.send("PUT", "graphs/sums/draft", json.dumps({"document": sums(number), "revision": revision}).encode()).status

    def rule(_number: int) -> int:
        return attacker.send("PUT", "policy", json.dumps({"yaml": "{" + "a," * 30_000 + "}", "version": 0}).encode()).status

    threads = [threading.Thread(target=again, args=(attack,), daemon=True) for attack in (save, save, rule, rule)]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            run = run_of(neighbour, "beside-sums", {"n": number}, transform("run.input.n + 1") if number == 0 else None)
            assert ended(neighbour, run, PATIENCE_S)["status"] == "succeeded"
            assert neighbour.get("health")["status"] == "ok"
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    assert statuses <= {200, 400, 409, 503}, statuses


MIB = 1024 * 1024
FAULTY = {
    "empty nodes": b'{"nodes": [' + b"{}," * (2 * MIB) + b"{}]}",
    "numbers for nodes": b'{"nodes": [' + b"1," * (3 * MIB) + b"1]}",
    "unknown edges": b'{"edges": [' + b"{}," * 99_000 + b"{}]}",
    "unknown names": b"{" + b",".join(b'"k%d":1' % number for number in range(500_000)) + b"}",
    "places of nothing": b'{"layout": {' + b",".join(b'"k%d":{}' % number for number in range(500_000)) + b"}}",
    "tools of an agent": b'{"agents": {"a": {"name": "n", "model": "m", "tools": [' + b"1," * (3 * MIB) + b"1]}}}",
}


@pytest.mark.parametrize("name", FAULTY)
def test_g09_document_with_millions_of_faults_is_refused_and_holds_up_nobody(name: str, attacker: ApiClient, neighbour: ApiClient) -> None:
    answers: list[Any] = []
    bodies = {"graphs": b'{"title": "faulty", "document": ' + FAULTY[name] + b"}"}
    if name in ("unknown names", "tools of an agent"):
        agent = FAULTY[name] if name == "unknown names" else FAULTY[name].removeprefix(b'{"agents": {"a": ')[:-2]
        bodies["agents"] = b'{"slug": "faulty", "agent": ' + agent + b"}"
    for path, body in bodies.items():
        thread = threading.Thread(target=lambda path=path, body=body: answers.append(attacker.send("POST", path, body)))
        thread.start()
        slowest = slowest_health(neighbour, thread)
        assert slowest < 4, f"everybody waited for {slowest:.1f} s"
    assert answers and all(answer.status == 400 for answer in answers), [answer.content[:300] for answer in answers]
    assert all(answer.json["cure"] and len(answer.content) < MIB for answer in answers)


def slowest_health(neighbour: ApiClient, meanwhile: threading.Thread) -> float:
    """Seconds of the slowest answer while a thread is at work."""
    slowest = 0.0
    while meanwhile.is_alive():
        began = time.monotonic()
        neighbour.get("health/live")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)
    return slowest


def test_g09_graph_of_a_thousand_agents_with_every_tool_locks_the_database_for_a_moment(attacker: ApiClient, neighbour: ApiClient) -> None:
    every = [tool["name"] for tool in attacker.get("tools")["tools"]]
    agent = {"name": "n", "model": "demo", "tools": every[:8]}
    many = {"agents": {f"a{number}": agent for number in range(1000)}}
    run_of(neighbour, "beside-agents", {}, transform("1"))
    thread = threading.Thread(target=attacker.send, args=("POST", "graphs", json.dumps({"title": "Crowd", "document": many}).encode()))
    thread.start()
    slowest = 0.0
    while thread.is_alive():
        began = time.monotonic()
        run_of(neighbour, "beside-agents", {})
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 6, f"a start waited for {slowest:.1f} s"
    assert len(attacker.get("graphs/crowd")["document"]["agents"]) == 1000
    more = {"agents": {**many["agents"], "one_more": agent}}
    refused = attacker.send("POST", "graphs", json.dumps({"title": "More", "document": more}).encode())
    assert refused.status == 400 and "1001 agents, at most 1000" in refused.json["detail"]
    greedy = {"agents": {f"a{number}": {**agent, "tools": every} for number in range(1000)}}
    refused = attacker.send("POST", "graphs", json.dumps({"title": "Greedy", "document": greedy}).encode())
    assert refused.status == 400 and "at most 8000 are allowed" in refused.json["detail"]
    began = time.monotonic()
    assert attacker.send("DELETE", "graphs/crowd").status == 204
    assert time.monotonic() - began < 6


def test_g06_values_of_very_many_parts_go_through_no_run(attacker: ApiClient) -> None:
    attacker.post("graphs", {"title": "Parts", "document": transform("run.input + run.input")}, 201)
    refused = attacker.send("POST", "graphs/parts/runs", json.dumps({"input": [*range(200_001)]}).encode())
    assert refused.status == 400 and refused.json["code"] == "invalid_input" and "200000" in refused.json["detail"]
    error = ended(attacker, run_of(attacker, "parts", [*range(120_000)]))["error"]
    assert error["code"] == "limit_exceeded" and "gave more than 200000" in error["message"] and error["cure"]


def test_g06_runs_of_another_tenant_go_on_beside_large_values_in_long_chains(attacker: ApiClient, neighbour: ApiClient) -> None:
    passed_on = [{"id": f"t{number}", "kind": "transform", "params": {"expression": "input"}} for number in range(15)]
    large = [[number] for number in range(49_000)]
    loud = [run_of(attacker, "long-chain", large, chain(*passed_on) if number == 0 else None) for number in range(3)]
    for number in range(4):
        run = run_of(neighbour, "beside-chains", {"n": number}, transform("run.input.n + 1") if number == 0 else None)
        assert ended(neighbour, run, PATIENCE_S)["status"] == "succeeded"
    for run in loud:
        assert ended(attacker, run, 120)["status"] == "succeeded"
