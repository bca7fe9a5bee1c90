"""Starting runs: on whose behalf, and once for each key."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from runs.control.principal import Principal
from runs.control.problems import KeyReused
from runs.control.start import start_run
from runs.models import Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.people.api_keys import create_api_key
from tests.runs.factories import World, world

pytestmark = pytest.mark.usefixtures("database", "broker")
URL = "/api/v1/graphs/graph/runs"


@pytest.fixture
def place(database: Any) -> World:
    return world()


def start(place: World, run_input: Any = 1, key: str = "k") -> Run:
    with tenant_scope(place.tenant.pk):
        return start_run(graph=place.graph, principal=Principal(Run.Trigger.API, place.user), run_input=run_input, dedup_key=key).run


def test_the_same_key_starts_one_run_and_no_key_starts_many(place: World) -> None:
    assert start(place).pk == start(place).pk
    assert start(place, key="other").pk != start(place).pk
    assert start(place, key="").pk != start(place, key="").pk


def test_a_key_is_not_used_for_something_else(place: World) -> None:
    first = start(place, {"a": 1})
    with pytest.raises(KeyReused) as refused:
        start(place, {"a": 2})
    assert refused.value.details == {"run": str(first.pk)}


def test_two_tenants_may_use_the_same_key(place: World) -> None:
    assert start(place).pk != start(world()).pk


def test_of_starts_at_the_same_moment_one_makes_the_run(place: World) -> None:
    def one(_: int) -> Run:
        try:
            return start(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        assert len({run.pk for run in people.map(one, range(12))}) == 1
    with system_scope():
        assert Run.objects.count() == 1


def test_over_rest_the_key_is_a_header_and_the_run_knows_which_api_key_started_it(place: World) -> None:
    with tenant_scope(place.tenant.pk):
        key = create_api_key(tenant=place.tenant, user=place.user)
    signed = Client(headers={"Authorization": f"Bearer {key.secret}"})

    def post(body: dict[str, Any], idempotency: str) -> Any:
        return signed.post(URL, body, content_type="application/json", headers={"Idempotency-Key": idempotency})

    first, again = post({"input": 1}, "abc"), post({"input": 1}, "abc")
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 200, "true")
    assert first.json()["id"] == again.json()["id"]
    assert post({"input": 2}, "abc").json()["code"] == "idempotency_key_reused"
    assert post({"input": 1}, "k" * 256).status_code == 400
    with system_scope():
        run = Run.objects.get(pk=first.json()["id"])
        assert (run.trigger, run.api_key_id) == ("api", key.row.pk)
