"""The REST API of the editor: shapes, refusals, and input that means harm."""

import json
import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from editor.models import Graph
from tenants.isolation.scope import tenant_scope
from tenants.roles import MemberRole
from tenants.web.parsers import MAX_BYTES, MAX_DEPTH
from tests.tenants.cast import House, agent_document, graph_document

DRAFT = "/api/v1/graphs/alpha-graph/draft"


def put(client: Client, url: str, body: Any) -> HttpResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.put(url, data, content_type="application/json")  # type: ignore[return-value]


def post(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def test_node_kinds_and_tools_are_described(alpha: House) -> None:
    kinds = alpha.client().get("/api/v1/node-kinds").json()["kinds"]
    assert {"input", "agent", "output"} <= {kind["name"] for kind in kinds}
    assert [tool["name"] for tool in alpha.client().get("/api/v1/tools").json()["tools"]] == ["calculator", "http_request"]


def test_a_graph_is_listed_and_shown_with_what_one_may(alpha: House) -> None:
    row = alpha.client().get("/api/v1/graphs").json()["graphs"][0]
    assert set(row) == {"slug", "title", "revision", "latest_version", "updated_at", "updated_by", "problem_count"}
    assert (row["slug"], row["latest_version"], row["updated_by"]) == ("alpha-graph", 1, "alpha-owner")
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    shown = alpha.client(viewer).get("/api/v1/graphs/alpha-graph").json()
    assert set(shown) == set(row) | {"id", "document", "problems", "may", "example_input", "files"}
    assert shown["may"] == {"edit": False, "run": False, "publish": False}


def test_the_whole_way_of_a_graph(alpha: House) -> None:
    client = alpha.client()
    made = post(client, "/api/v1/graphs", {"title": "Way", "document": graph_document("Way")})
    assert made.status_code == 201 and made.json()["slug"] == "way"
    saved = put(client, "/api/v1/graphs/way/draft", {"document": graph_document("Way 2"), "revision": 1})
    assert set(json.loads(saved.content)) == {"revision", "problems", "saved_at"}
    version = post(client, "/api/v1/graphs/way/versions", {"note": "first"})
    assert version.status_code == 201 and set(version.json()) == {"number", "digest", "created_at", "created_by", "note"}
    assert client.get("/api/v1/graphs/way/versions").json()["versions"] == [version.json()]
    assert client.get("/api/v1/graphs/way/versions/1").json()["document"]["title"] == "Way 2"
    assert post(client, "/api/v1/graphs/way/versions/1/restore", {"revision": 2}).json()["revision"] == 3
    assert post(client, "/api/v1/graphs/way/duplicate", {}).json()["slug"] == "way-2-copy"
    assert client.delete("/api/v1/graphs/way").status_code == 204
    assert client.get("/api/v1/graphs/way").status_code == 404


def test_a_stale_save_answers_409_with_the_newer_document(alpha: House) -> None:
    put(alpha.client(), DRAFT, {"document": graph_document("Newer"), "revision": 1})
    answer = put(alpha.client(), DRAFT, {"document": graph_document("Older"), "revision": 1})
    body = json.loads(answer.content)
    assert answer.status_code == 409 and body["code"] == "stale_revision" and body["cure"]
    assert body["details"]["revision"] == 2 and body["details"]["document"]["title"] == "Newer"
    assert set(body["details"]) == {"revision", "document", "updated_by", "updated_at"}


def test_what_is_no_graph_is_refused_with_every_place(alpha: House) -> None:
    document = graph_document() | {"color": "red", "nodes": [{"id": "1 bad"}]}
    body = json.loads(put(alpha.client(), DRAFT, {"document": document, "revision": 1}).content)
    assert body["code"] == "invalid_document"
    assert {"color", "nodes.0.id", "nodes.0.kind"} <= {problem["field"] for problem in body["details"]["problems"]}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "is missing"),
        (b"{", 400, "line 1, column 2"),
        (b"\xff\xfe", 400, "not UTF-8"),
        (b'{"a": NaN}', 400, "NaN is not a JSON number"),
        (b'{"a": 1e999}', 400, "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "not JSON"),
        (b'{"a": "\\ud800"}', 400, "surrogate"),
        (b'{"a": "\\u0000"}', 400, "U+0000"),
        (b"[" * 100_000, 400, f"deeper than {MAX_DEPTH}"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), 400, "deeper"),
        (b'"' + b"x" * MAX_BYTES + b'"', 413, "larger than 8 MiB"),
        (b"[]", 400, "must be a JSON object"),
        (b'{"document": {}}', 428, "on top of which revision"),
        (b'{"document": {}, "revision": "1"}', 400, "whole number"),
        (b'{"document": [], "revision": 1}', 400, "not a graph"),
    ],
)
def test_g03_harmful_bodies_get_a_clear_refusal_and_change_nothing(alpha: House, body: bytes, status: int, says: str) -> None:
    started = time.perf_counter()
    answer = put(alpha.client(), DRAFT, body)
    assert answer.status_code == status
    problem = json.loads(answer.content)
    assert set(problem) == {"type", "title", "status", "detail", "code", "cure", "details"} and says in problem["detail"]
    assert time.perf_counter() - started < 2
    with tenant_scope(alpha.tenant.id):
        assert Graph.objects.get().revision == 1


@pytest.mark.parametrize("document", [None, [], "x", 1])
def test_a_graph_is_not_made_of_what_is_no_document(alpha: House, document: Any) -> None:
    assert post(alpha.client(), "/api/v1/graphs", {"title": "x", "document": document}).status_code == 400


def test_brackets_inside_strings_are_not_depth(alpha: House) -> None:
    document = graph_document() | {"description": "[" * 1000 + '"\\' + "{" * 1000 + "\\u0000 is text"}
    assert put(alpha.client(), DRAFT, {"document": document, "revision": 1}).status_code == 200


@pytest.mark.parametrize("field", ["tenant", "tenant_id", "owner", "created_by", "restricted", "revision", "id"])
def test_t03_nobody_assigns_what_is_not_theirs_to_assign(alpha: House, beta: House, field: str) -> None:
    answer = post(beta.client(), "/api/v1/graphs", {"title": "x", field: str(alpha.tenant.id)})
    assert answer.status_code == 400 and f"'{field}'" in answer.json()["detail"]
    with tenant_scope(alpha.tenant.id):
        assert Graph.objects.count() == 1


@pytest.mark.parametrize("query", ["tenant=1", "updated_by__email=a", "ordering=secret", "slug__startswith=a", "search=x"])
@pytest.mark.parametrize("url", ["graphs", "agents", "tools", "keys", "providers", "policy/versions", "node-kinds"])
def test_t04_only_declared_filters_are_taken(alpha: House, url: str, query: str) -> None:
    answer = alpha.client().get(f"/api/v1/{url}?{query}")
    assert answer.status_code == 400 and "Unknown query parameter" in answer.json()["detail"]


def test_a_viewer_is_told_that_the_role_does_not_allow_it(alpha: House) -> None:
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    answer = put(alpha.client(viewer), DRAFT, {"document": graph_document(), "revision": 1})
    assert answer.status_code == 403 and json.loads(answer.content)["code"] == "forbidden"


def test_the_whole_way_of_an_agent(alpha: House) -> None:
    client = alpha.client()
    made = post(client, "/api/v1/agents", {"agent": agent_document("Writer", tools=("calculator",))})
    assert made.status_code == 201 and set(made.json()) == {"slug", "agent", "revision", "updated_at"}
    assert put(client, "/api/v1/agents/writer", {"agent": agent_document("Author"), "revision": 1}).status_code == 200
    stale = put(client, "/api/v1/agents/writer", {"agent": agent_document("Late"), "revision": 1})
    assert stale.status_code == 409 and json.loads(stale.content)["details"]["agent"]["name"] == "Author"
    assert client.delete("/api/v1/agents/writer").status_code == 204
    assert client.get("/api/v1/agents/writer").status_code == 404


def test_an_agent_with_faults_is_refused_field_by_field(alpha: House) -> None:
    answer = post(alpha.client(), "/api/v1/agents", {"agent": {"name": "", "limits": {"max_iterations": 0}}})
    fields = {problem["field"] for problem in answer.json()["details"]["problems"]}
    assert answer.status_code == 400 and fields == {"name", "model", "limits.max_iterations"}
    answer = post(alpha.client(), "/api/v1/agents", {"agent": agent_document(tools=("nonsense",))})
    assert answer.status_code == 400 and "nonsense" in answer.json()["detail"]
