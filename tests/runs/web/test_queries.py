"""How many statements a request makes of the database: each costs as much as the rest of the request's work."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.leases.lease import claim_named
from runs.live.sockets.access import Visitor
from runs.live.sockets.tenant_socket import _summaries
from tenants.isolation.scope import system_scope
from tenants.people.api_keys import create_api_key
from tests.runs.factories import World, world

pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture
def place(database: Any) -> World:
    return world()


def statements(asked: CaptureQueriesContext) -> list[str]:
    """Those that work with tables; a transaction's frame is not counted."""
    found = [query["sql"] for query in asked.captured_queries]
    return [sql for sql in found if not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


def test_a_start_by_key_makes_four_statements_and_reads_no_document(place: World) -> None:
    with system_scope():
        secret = create_api_key(tenant=place.tenant, user=place.user).secret
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def start() -> None:
        response = client.post("/api/v1/graphs/graph/runs", json.dumps({"input": {"n": 1}}), content_type="application/json")
        assert response.status_code == 201, response.content

    start()  # notes the use of the key, and keeps the version
    with CaptureQueriesContext(connection) as asked:
        start()
    assert len(statements(asked)) == 4, statements(asked)
    assert not any('"document"' in sql for sql in statements(asked))


def test_a_summary_is_read_without_what_is_large(place: World) -> None:
    run = place.run({"n": 1})
    with CaptureQueriesContext(connection) as asked:
        [summary] = _summaries(Visitor(place.user, place.tenant.pk, frozenset({place.tenant.pk})), [run.pk])
    assert summary["id"] == str(run.pk) and summary["graph"]["slug"] == "graph" and summary["version"] == 1
    [listing] = [sql for sql in statements(asked) if "runs_run" in sql]
    assert not any(f'"{column}"' in listing for column in ("document", "source", "files", "identities", "output", "input", "password"))


def test_a_claim_reads_no_document(place: World) -> None:
    run = place.run({"n": 1})
    with system_scope(), CaptureQueriesContext(connection) as asked:
        [claim] = claim_named("me", 10, {run.pk: place.tenant.pk})
        assert claim.run.input == {"n": 1}
    assert len(statements(asked)) == 2
    assert not any('"document"' in sql or '"source"' in sql for sql in statements(asked))
