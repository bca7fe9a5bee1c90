"""How long lists, filters and the inbox take when there are very many runs, on PostgreSQL."""

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.scratch import prepare_django, scratch_database

if TYPE_CHECKING:
    from django.test import Client

    from tenants.models import User

RUNS = 1_000_000
QUICK_RUNS = 50_000
GOAL_MS = 100.0
_INSERT_RUNS = """
INSERT INTO runs_run (
    id, tenant_id, graph_id, graph_version_id, created_by_id, trigger, dedup_key, dedup_digest, status, input, input_preview, output,
    last_seq, lease_owner, lease_epoch, due_at, crashes, calls, input_tokens, output_tokens, cost_nano_usd,
    created_at, started_at, finished_at)
SELECT
    gen_random_uuid(), %(tenant)s, %(graph)s, %(version)s, %(user)s, 'api', '', '',
    CASE WHEN n %% 100 = 0 THEN 'waiting' WHEN n %% 50 = 1 THEN 'failed' ELSE 'succeeded' END, '1', '1', '1',
    9, '', 1, NULL, 0, 1, 10, 10, 10,
    now() - n * interval '1 second', now(), now()
FROM generate_series(1, %(count)s) AS n
"""
_INSERT_APPROVALS = """
INSERT INTO runs_approval (id, tenant_id, run_id, path, request, digest, status, action, created_at)
SELECT gen_random_uuid(), tenant_id, id, 'ask#1/human.1', '{"title": "?", "mode": "review", "actions": []}', '', 'pending', '', created_at
FROM runs_run WHERE status = 'waiting'
"""


def measure(*, quick: bool) -> list[Figure]:
    prepare_django()
    count = QUICK_RUNS if quick else RUNS
    with scratch_database("postgresql"):
        client, viewer = _fill(count)
        return [Figure(f"{name}, {count:,} runs", "ms", _took(work), GOAL_MS) for name, work in _questions(client, viewer).items()]


def _fill(count: int) -> "tuple[Client, Client]":
    """One tenant with all the runs in one graph, a second graph without any: its owner, and somebody who may only look."""
    from django.db import connection

    from editor.models import Graph
    from tenants.isolation.scope import system_scope
    from tenants.roles import MemberRole
    from tests.runs.factories import member, world

    place = world()
    with system_scope(), connection.cursor() as cursor:
        Graph.objects.create(tenant=place.tenant, slug="empty", title="Empty", document=place.graph.document, created_by=place.user)
        owners = {"tenant": place.tenant.pk, "graph": place.graph.pk, "version": place.version.pk, "user": place.user.pk}
        cursor.execute(_INSERT_RUNS, {**owners, "count": count})
        cursor.execute(_INSERT_APPROVALS)
        cursor.execute("ANALYZE")
    return tuple(_signed_in(user) for user in (place.user, member(place.tenant, MemberRole.VIEWER)))


def _signed_in(user: "User") -> "Client":
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _questions(client: "Client", viewer: "Client") -> dict[str, Callable[[], Any]]:
    def get(path: str, who: "Client" = client) -> Callable[[], Any]:
        def ask() -> Any:
            answer = who.get(path)
            assert answer.status_code == 200, answer.content
            return answer

        return ask

    deep = ""
    for _ in range(3):
        deep = client.get(f"/api/v1/runs?cursor={deep}").json()["next"]
    return {
        "runs": get("/api/v1/runs"),
        "runs, a later page": get(f"/api/v1/runs?cursor={deep}"),
        "runs of a graph": get("/api/v1/runs?graph=graph"),
        "runs of an empty graph": get("/api/v1/runs?graph=empty"),
        "failed runs": get("/api/v1/runs?status=failed"),
        "cancelled runs (none)": get("/api/v1/runs?status=cancelled"),
        "failed runs of an empty graph": get("/api/v1/runs?graph=empty&status=failed"),
        "failed runs of a graph": get("/api/v1/runs?graph=graph&status=failed"),
        "cancelled runs of a graph (none)": get("/api/v1/runs?graph=graph&status=cancelled"),
        "inbox": get("/api/v1/approvals"),
        "runs, seen by a viewer": get("/api/v1/runs", viewer),
        "runs of an empty graph, seen by a viewer": get("/api/v1/runs?graph=empty", viewer),
        "page of the runs": get("/runs/"),
        "page of the inbox": get("/approvals/"),
    }


def _took(work: Callable[[], Any]) -> float:
    """Median of some calls after the first, in milliseconds."""
    work()
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)
