"""The tools that come with the product, each through a run on a real worker, and what one tenant sees of another's."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.model_server import ModelServer, Reply, ToolWish
from tests.runs.api_client import ApiClient
from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of


def node(id: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "kind": "tool", "params": {"tool": tool, "arguments": arguments}}


def graph_with(client: ApiClient, slug: str, files: dict[str, bytes], *nodes: dict[str, Any]) -> None:
    client.post("graphs", {"title": slug, "document": chain(*nodes)}, 201)
    for name, content in files.items():
        answer = client.send("PUT", f"graphs/{slug}/files/{name}", content, **{"Content-Type": "application/octet-stream"})
        assert answer.status == 201, answer.content


@pytest.fixture(scope="module")
def client(installation: Installation) -> ApiClient:
    return installation.client()


def output(client: ApiClient, slug: str) -> Any:
    run = ended(client, run_of(client, slug, None), 60)
    assert run["status"] == "succeeded", run
    return run["output"]


def test_a_query_over_a_file_of_the_graph(client: ApiClient, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as database:
        database.execute("CREATE TABLE orders (city TEXT, total REAL)")
        database.executemany("INSERT INTO orders VALUES (?, ?)", [("Oslo", 2.5), ("Oslo", 1.5), ("Rome", 9.0)])
        database.commit()
    query = "SELECT city, sum(total) AS total FROM orders GROUP BY city ORDER BY city"
    graph_with(
        client,
        "sums",
        {"shop.sqlite": (tmp_path / "shop.sqlite").read_bytes()},
        node("ask", "sql_query", database="shop.sqlite", query=query),
    )
    assert output(client, "sums") == {"columns": ["city", "total"], "rows": [["Oslo", 4.0], ["Rome", 9.0]], "more": False}


def test_linters_over_a_file_that_the_run_wrote_and_one_of_the_graph(client: ApiClient) -> None:
    write = node("write", "workspace_write", name="own.py", text="import os\n")
    graph_with(client, "review", {"shipped.py": b"import pickle\npickle.loads(b'')\n"}, write, node("lint", "lint_python"))
    found = output(client, "review")
    assert {(one["file"], one["code"]) for one in found["findings"]} >= {("own.py", "F401"), ("shipped.py", "B301")}


def test_searches_without_any_key(client: ApiClient) -> None:
    graph_with(client, "web", {}, node("search", "web_search", query="idempotency keys of a payment"))
    assert output(client, "web")["results"][0]["title"] == "Idempotency keys"
    graph_with(client, "papers", {}, node("search", "literature_search", query="Raft consensus"))
    assert "Ongaro" in output(client, "papers")["papers"][0]["authors"]


def test_an_agent_asks_a_person_and_goes_on_with_the_answer(client: ApiClient, installation: Installation, providers: ModelServer) -> None:
    wish = ToolWish(name="ask_person", arguments='{"question": "Which hotel?", "choices": ["Sole", "Luna"]}')
    providers.script(Reply(tools=[wish]), Reply(text="Booked."), model="asking-model")
    ann = {"name": "Ann", "model": "openai/asking-model", "instructions": "Book.", "tools": ["ask_person"]}
    run = run_of(client, "hotel", "Book a hotel", chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents={"a": ann}))
    ended(client, run, 60, status="waiting")
    [asked] = [one for one in client.get("approvals")["approvals"] if one["run"] == run]
    body = {"type": "answer", "path": asked["path"], "action": "choice_2", "digest": asked["digest"]}
    assert client.send("POST", f"runs/{run}/commands", json.dumps(body).encode()).status in (200, 201, 202)
    found = ended(client, run, 60)
    assert found["status"] == "succeeded" and found["output"] == "Booked."
    told = [message for request in providers.requests for message in request.body["messages"] if message["role"] == "tool"]
    assert told[-1]["content"] == "The person answers: Luna"


def test_a_node_that_asks_by_the_agents_tool_is_told_which_kind_asks(client: ApiClient) -> None:
    graph_with(client, "asking-node", {}, node("ask", "ask_person", question="Why?"))
    run = ended(client, run_of(client, "asking-node", None), 60)
    assert run["status"] == "failed" and "Only an agent asks" in str(run["error"]) and "Human node" in str(run["error"])


def test_the_secrets_of_tools_are_those_of_the_workspace_alone(client: ApiClient, installation: Installation) -> None:
    address = "postgresql://reader:only-of-demo-99@127.0.0.1:1/shop"
    assert client.send("PUT", "providers/postgresql", json.dumps({"value": address}).encode()).status in (200, 201)
    other = installation.client("acme", "rival")
    for asking, slug in ((client, "server-demo"), (other, "server-acme")):
        graph_with(asking, slug, {}, node("ask", "sql_query", database="postgresql", query="SELECT 1"))
    own, foreign = (ended(asking, run_of(asking, slug, None), 60) for asking, slug in ((client, "server-demo"), (other, "server-acme")))
    assert "refused" in str(own["error"]) or "private" in str(own["error"]), own
    assert "stored no PostgreSQL address" in str(foreign["error"])
    for found in (own, foreign, other.get("providers"), client.get("providers")):
        assert "only-of-demo-99" not in str(found)
    assert client.send("DELETE", "providers/postgresql").status == 204
