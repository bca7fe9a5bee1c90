"""Whatever is sent: a clear error at the right place, never a fault of ours, and nothing lost."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from tests.graphs import chain as long_chain
from tests.runs.api_client import Answer, ApiClient
from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of
from tests.runs.test_whole_path import agent_on, question

MIB = 1024 * 1024
MISSING = str(uuid4())


@pytest.fixture(scope="module")
def client(installation: Installation) -> ApiClient:
    return installation.client()


@pytest.fixture(scope="module")
def rival(installation: Installation) -> ApiClient:
    return installation.client("acme", "rival")


@pytest.fixture(scope="module")
def plain(client: ApiClient) -> str:
    """A graph that hands its input on."""
    client.post("graphs", {"title": "Plain", "document": chain()}, 201)
    return "plain"


def refused(answer: Answer, status: int, code: str = "") -> dict[str, Any]:
    """The error of an answer, in the one shape that all errors have."""
    assert answer.status == status, answer.content[:1000]
    error: dict[str, Any] = answer.json
    assert set(error) == {"type", "title", "status", "detail", "code", "cure", "details"} and error["code"] and error["detail"], error
    assert not code or error["code"] == code, error
    return error


DOCUMENTS: dict[str, tuple[Any, str]] = {
    "text": ("nodes", "document"),
    "list": ([], "document"),
    "number": (7, "document"),
    "nodes_no_list": ({"nodes": 7}, "nodes"),
    "node_without_id": ({"nodes": [{"kind": "input"}]}, "nodes.0.id"),
    "node_id_with_blank": ({"nodes": [{"id": "a b", "kind": "input"}]}, "nodes.0.id"),
    "unknown_field": ({"nodes": [], "colour": "red"}, "colour"),
    "later_schema": ({"schema_version": 2}, "schema_version"),
    "edge_without_target": ({"edges": [{"id": "e", "source": "a"}]}, "edges.0.target"),
    "wrong_retry": ({"nodes": [{"id": "a", "kind": "input", "retry": {"attempts": "many"}}]}, "nodes.0.retry.attempts"),
    "endless_retry": ({"nodes": [{"id": "a", "kind": "input", "retry": {"attempts": 10**9}}]}, "nodes.0.retry.attempts"),
    "agent_without_model": ({"agents": {"a": {"name": "Ann"}}}, "agents.a.Agent.model"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_graph_is_refused_with_the_place(name: str, client: ApiClient) -> None:
    document, place = DOCUMENTS[name]
    body = {"title": name, "document": document}
    error = refused(client.send("POST", "graphs", json.dumps(body).encode()), 400, "invalid_document")
    assert error["cure"]
    fields = [problem["field"] or "document" for problem in error["details"]["problems"]]
    assert place in fields, error
    client.get(f"graphs/{name}", 404)


def looping(**edge: Any) -> dict[str, Any]:
    document = chain({"id": "again", "kind": "transform", "params": {"expression": "input"}})
    document["edges"].append({"id": "back", "source": "again", "target": "again", **edge})
    return document


NODE = {"id": "work", "kind": "transform", "params": {"expression": "input"}}
GRAPHS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown_kind": (chain({**NODE, "kind": "teleport"}), "unknown_kind", "work"),
    "cycle_without_limit": (looping(), "unlimited_cycle", ""),
    "wrong_parameter_type": (chain({**NODE, "params": {"expression": 7}}), "bad_params", "work"),
    "unknown_parameter": (chain({**NODE, "params": {"expression": "input", "speed": 9}}), "bad_params", "work"),
    "broken_expression": (chain({**NODE, "params": {"expression": "input +"}}), "bad_expression", "work"),
    "unknown_tool": (chain({"id": "work", "kind": "tool", "params": {"tool": "format_disk"}}), "unknown_tool", "work"),
    "unknown_agent": (chain({"id": "work", "kind": "agent", "params": {"agent": "nobody"}}), "unknown_agent", "work"),
    "two_of_a_name": (chain(NODE, NODE), "duplicate_id", "work"),
    "unknown_library_agent": (
        chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents={"a": {"library": "nobody"}}),
        "library_agent_missing",
        "",
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_with_a_problem_is_kept_and_not_run(name: str, client: ApiClient) -> None:
    document, code, node = GRAPHS[name]
    slug = name.replace("_", "-")
    client.post("graphs", {"title": slug, "document": document}, 201)
    shown = client.get(f"graphs/{slug}")
    assert len(shown["document"]["nodes"]) == len(document["nodes"])
    for answer in (client.send("POST", f"graphs/{slug}/runs", b'{"input": 1}'), client.send("POST", f"graphs/{slug}/versions", b"{}")):
        error = refused(answer, 400, "invalid_graph")
        found = [problem for problem in error["details"]["problems"] if problem["code"] == code]
        assert found and found[0]["message"] and found[0]["cure"] and found[0]["node"] == (node or found[0]["node"]), error
        assert code in {problem["code"] for problem in shown["problems"]}
    assert client.get(f"runs?graph={slug}")["runs"] == []


def test_ten_thousand_nodes_are_checked_in_time(client: ApiClient) -> None:
    """G01"""
    document = long_chain(10_000).model_dump(mode="json", exclude_defaults=True)
    client.post("graphs", {"title": "Long"}, 201)
    began = time.monotonic()
    saved = client.put("graphs/long/draft", {"document": document, "revision": 1}, 200)
    took = time.monotonic() - began
    assert saved["problems"] == []
    assert took < 25, f"saving 10,000 nodes took {took:.1f} s"


def test_too_many_nodes_are_refused_with_the_limit(client: ApiClient) -> None:
    """G01"""
    document = {"nodes": [{"id": f"n{index}", "kind": "note"} for index in range(20_001)]}
    error = refused(client.send("POST", "graphs", json.dumps({"title": "Huge", "document": document}).encode()), 400, "invalid_document")
    [problem] = error["details"]["problems"]
    assert problem["code"] == "too_large" and "20000" in problem["message"] and problem["cure"]


BODIES: dict[str, tuple[bytes, int, str]] = {
    "invalid_utf8": (b'{"input": "\xff\xfe"}', 400, "invalid_json"),
    "nan": (b'{"input": NaN}', 400, "invalid_json"),
    "infinity": (b'{"input": -Infinity}', 400, "invalid_json"),
    "number_too_large": (b'{"input": 1e999}', 400, "invalid_json"),
    "integer_of_5000_digits": (b'{"input": ' + b"9" * 5000 + b"}", 400, "invalid_json"),
    "half_a_surrogate_pair": (b'{"input": "\\ud800"}', 400, "invalid_json"),
    "nul": (b'{"input": "a\\u0000b"}', 400, "invalid_json"),
    "truncated": (b'{"input": "x', 400, "invalid_json"),
    "two_values": (b'{"input": 1} {"input": 2}', 400, "invalid_json"),
    "empty": (b" ", 400, "invalid_json"),
    "deep_list": (b'{"input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "invalid_json"),
    "deep_object": (b'{"input": ' + b'{"a":' * 1000 + b"1" + b"}" * 1001, 400, "invalid_json"),
    "no_object": (b"[1]", 400, "invalid_value"),
    "unknown_field": (b'{"inputs": 1}', 400, "invalid_value"),
    "version_as_text": (b'{"version": "1"}', 400, "invalid_value"),
    "version_as_truth": (b'{"version": true}', 400, "invalid_value"),
    "version_negative": (b'{"version": -1}', 400, "invalid_value"),
    "version_unknown": (b'{"version": 99}', 404, "not_found"),
    "version_beyond_the_database": (b'{"version": 99999999999999999999999}', 400, "invalid_value"),
    "draft_as_text": (b'{"draft": "yes"}', 400, "invalid_value"),
    "nine_megabytes": (b'{"input": "' + b"x" * (9 * MIB) + b'"}', 413, "too_large"),
    "thirteen_megabytes": (b'{"input": "' + b"x" * (13 * MIB) + b'"}', 413, "too_large"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_body_starts_nothing(name: str, client: ApiClient, plain: str) -> None:
    """G03"""
    body, status, code = BODIES[name]
    before = len(client.get(f"runs?graph={plain}")["runs"])
    error = refused(client.send("POST", f"graphs/{plain}/runs", body), status, code)
    assert error["cure"] or status == 400
    assert len(client.get(f"runs?graph={plain}")["runs"]) == before


def test_an_input_that_does_not_fit_is_refused_with_the_place(client: ApiClient) -> None:
    for wrong in ({}, {"tickets": "none"}, {"tickets": [{"ticket_id": 7}]}, None, "text"):
        answer = client.send("POST", "graphs/triage/runs", json.dumps({"input": wrong}).encode())
        error = refused(answer, 400, "invalid_input")
        assert error["cure"], error


ADDRESSES: dict[str, tuple[str, str, int]] = {
    "unknown_graph": ("POST", "graphs/nowhere/runs", 404),
    "unknown_run": ("GET", f"runs/{MISSING}", 404),
    "no_id": ("GET", "runs/42", 404),
    "unknown_address": ("GET", "nothing/here", 404),
    "command_to_nobody": ("POST", f"runs/{MISSING}/commands", 404),
    "wrong_method": ("DELETE", "runs", 405),
    "unknown_parameter": ("GET", "runs?tenant=acme", 400),
    "events_after_minus_one": ("GET", "runs/{run}/events?after=-1", 400),
    "events_after_text": ("GET", "runs/{run}/events?after=x", 400),
    "events_after_too_much": ("GET", "runs/{run}/events?after=" + "9" * 40, 400),
    "blob_that_is_none": ("GET", "runs/{run}/blobs/..%2F..%2Fetc%2Fpasswd", 404),
    "table_of_no_list": ("GET", "runs/{run}/table.csv?path=text", 400),
    "wrong_cursor": ("GET", "runs?cursor=%00", 400),
    "wrong_day": ("GET", "costs?from=yesterday", 400),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_wrong_address_is_said(name: str, client: ApiClient, plain: str, kept: str) -> None:
    method, path, status = ADDRESSES[name]
    body = b'{"type": "cancel"}' if "commands" in path else b'{"input": 1}' if method == "POST" else b""
    refused(client.send(method, path.format(run=kept), body), status)


def test_a_body_that_is_no_json_by_its_type_is_refused(client: ApiClient, plain: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        refused(client.send("POST", f"graphs/{plain}/runs", b"input=1", **{"Content-Type": kind}), 415)


@pytest.fixture(scope="module")
def kept(client: ApiClient, plain: str) -> str:
    """A run with a big value and with texts that a spreadsheet would execute."""
    cells = {"text": "=1+1", "more": "+1", "less": "-x", "at": "@SUM(A1)", "tab": "\t=1", "wide": "\uff1d1", "line": "\n=1", "tame": "1=1"}
    run_id = run_of(client, plain, {"text": "ä" * (5 * MIB // 2), "rows": [cells, {"=name": "x"}]})
    assert ended(client, run_id)["status"] == "succeeded"
    return run_id


def big_values(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "$blob" in value:
                found[value["$blob"]] = value
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            for part in value:
                look(part)

    look(events)
    return found


def test_five_megabytes_pass_as_a_preview_and_come_back_whole(client: ApiClient, kept: str) -> None:
    answer = client.send("GET", f"runs/{kept}/events")
    assert len(answer.content) < MIB
    values = big_values(answer.json["events"])
    assert all(value["size"] > MIB and value["preview"] for value in values.values()), values
    whole = client.get(f"runs/{kept}/blobs/{next(iter(values))}")
    assert "ä" * (5 * MIB // 2) in json.dumps(whole, ensure_ascii=False)
    assert len(client.get(f"runs/{kept}")["output"]["text"]) == 5 * MIB // 2


def test_a_big_value_is_there_for_who_sees_its_run_and_under_that_run_only(
    client: ApiClient, rival: ApiClient, plain: str, kept: str
) -> None:
    """T11"""
    sha256 = next(iter(big_values(client.get(f"runs/{kept}/events")["events"])))
    other, own = run_of(client, plain, {"text": f'"$blob":"{sha256}"', "$blob": sha256}), run_of(rival, "own", "small", chain())
    ended(client, other)
    ended(rival, own)
    for run_id, someone in ((other, client), (kept, rival), (own, rival)):
        refused(someone.send("GET", f"runs/{run_id}/blobs/{sha256}"), 404, "not_found")
    client.get(f"runs/{kept}/blobs/{sha256}")


def test_a_table_is_safe_to_open(client: ApiClient, kept: str) -> None:
    """P11"""
    answer = client.send("GET", f"runs/{kept}/table.csv?path=rows")
    assert answer.headers["content-disposition"].startswith("attachment") and answer.headers["x-content-type-options"] == "nosniff"
    cells = answer.content.decode().replace('"', "")
    for text in ("=1+1", "+1", "-x", "@SUM(A1)", "\t'=1", "\uff1d1", "\n'=1", "=name"):
        assert f"'{text}" in cells, text
    assert ",1=1," in cells


def test_a_table_comes_to_whoever_wants_nothing_else(client: ApiClient, kept: str) -> None:
    answer = client.send("GET", f"runs/{kept}/table.csv?path=rows", Accept="text/csv")
    assert answer.status == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    error = client.send("GET", f"runs/{kept}/table.csv?path=nowhere", Accept="text/csv")
    assert refused(error, 400, "invalid_value") and error.headers["content-type"] == "application/problem+json"
    refused(client.send("GET", f"runs/{kept}/table.csv", Accept="image/png"), 406, "not_acceptable")


COMMANDS: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"{}", 400, "invalid_value"),
    "list": (b"[]", 400, "invalid_value"),
    "unknown": (b'{"type": "explode"}', 400, "invalid_value"),
    "number": (b'{"type": 7}', 400, "invalid_value"),
    "object": (b'{"type": {"a": 1}}', 400, "invalid_value"),
    "unknown_field": (b'{"type": "cancel", "force": true}', 400, "invalid_value"),
    "comment_as_number": (b'{"type": "cancel", "comment": 7}', 400, "invalid_value"),
    "path_as_number": (b'{"type": "cancel", "path": 7}', 400, "invalid_value"),
    "long_comment": (b'{"type": "cancel", "comment": "' + b"x" * 2001 + b'"}', 400, "invalid_value"),
    "resume": (b'{"type": "resume"}', 409, "not_paused"),
    "answer_without_path": (b'{"type": "answer", "action": "approve", "digest": "SHOWN"}', 409, "not_waiting"),
    "answer_elsewhere": (b'{"type": "answer", "path": "start#1", "action": "approve", "digest": "SHOWN"}', 409, "not_waiting"),
    "answer_to_a_list": (b'{"type": "answer", "path": ["ask#1"], "action": "approve"}', 400, "invalid_value"),
    "no_action": (b'{"type": "answer", "path": "ask#1/human.1", "digest": "SHOWN"}', 400, "invalid_answer"),
    "unknown_action": (b'{"type": "answer", "path": "ask#1/human.1", "action": "explode", "digest": "SHOWN"}', 400, "invalid_answer"),
    "no_digest": (b'{"type": "answer", "path": "ask#1/human.1", "action": "approve"}', 400, "digest_missing"),
    "wrong_digest": (b'{"type": "answer", "path": "ask#1/human.1", "action": "approve", "digest": "00"}', 409, "digest_mismatch"),
    "not_utf8": (b'{"type": "\xff"}', 400, "invalid_json"),
}


@pytest.fixture(scope="module")
def waiting(client: ApiClient) -> str:
    run_id = run_of(client, "bad-commands", "x", question())
    ended(client, run_id, status="waiting")
    return run_id


def digest_shown(client: ApiClient, run_id: str) -> bytes:
    """What an answer to the run's question names."""
    return next(str(asked["digest"]).encode() for asked in client.get("approvals")["approvals"] if asked["run"] == run_id)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_command_changes_nothing(name: str, client: ApiClient, waiting: str) -> None:
    body, status, code = COMMANDS[name]
    shown = digest_shown(client, waiting)
    refused(client.send("POST", f"runs/{waiting}/commands", body.replace(b"SHOWN", shown)), status, code)
    run = client.get(f"runs/{waiting}")
    assert (run["status"], run["waiting"]) == ("waiting", 1)


def test_an_answer_counts_once(client: ApiClient) -> None:
    """A01, A02"""
    run_id = run_of(client, "once", "x", question())
    ended(client, run_id, status="waiting")
    reply = b'{"type": "answer", "path": "ask#1/human.1", "action": "approve", "digest": "%s"}' % digest_shown(client, run_id)
    assert client.send("POST", f"runs/{run_id}/commands", reply).status == 202
    again = refused(client.send("POST", f"runs/{run_id}/commands", reply), 409)
    assert again["code"] in ("already_decided", "run_finished")
    assert ended(client, run_id)["status"] == "succeeded"
    for late in (reply, b'{"type": "cancel"}', b'{"type": "pause"}', b'{"type": "resume"}'):
        assert refused(client.send("POST", f"runs/{run_id}/commands", late), 409)["code"] == "run_finished"


@pytest.mark.parametrize(
    ("model", "code", "word"),
    [
        ("mistral/large", "model_auth", "MISTRAL_API_KEY"),
        ("nobody-knows-this", "model_unknown", "provider/model"),
        ("http://127.0.0.1/x", "model_unknown", "provider/model"),
    ],
)
def test_a_model_that_cannot_be_asked_fails_its_run_with_the_cure(model: str, code: str, word: str, client: ApiClient) -> None:
    run = ended(client, run_of(client, f"unasked-{uuid4().hex[:6]}", "x", agent_on(model)))
    assert run["status"] == "failed" and run["error"]["code"] == code and word in run["error"]["cure"], run["error"]
    assert "work" in run["error"]["path"]


def test_after_all_of_it_the_processes_are_as_they_were(client: ApiClient, installation: Installation, plain: str) -> None:
    assert installation.web.poll() is None and installation.worker.poll() is None
    assert client.get("health")["status"] == "ok"
    assert ended(client, run_of(client, plain, "still there"))["output"] == "still there"
