"""What a neighbour learns by asking cleverly: by filters and sums, by how much work an answer takes, by a graph that was handed over."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editor.graphs.actions import create_graph
from tenants.isolation.scope import tenant_scope
from tests.tenants.cast import CANARY, PROVIDER_SECRET, House
from tests.tenants.isolation.test_walk import ALL_ROUTES, Route, known_parameters, of_pattern, seen

FILTERED = ("/api/v1/runs?graph={}", "/api/v1/runs?status={}", "/runs/?graph={}", "/costs/?graph={}", "/costs/?agent={}", "/costs/?user={}")


def guesses(alpha: House) -> list[str]:
    """What would find the canary if a filter were more than a comparison. None holds all of it: a page may say what it was asked."""
    part = CANARY[:-2]
    patterns = [part, f"%{part}%", f"*{part}*", f".*{part}.*", f"' OR input LIKE '%{part}%", f'" OR "{part}', "%", "_", "*"]
    return [*patterns, alpha.graph.slug, str(alpha.graph.pk), str(alpha.tenant.pk), str(alpha.owner.pk)]


def test_t12_no_filter_finds_a_word_of_the_neighbour(alpha: House, beta: House) -> None:
    """T12"""
    client = beta.client()
    for address in FILTERED:
        for guess in guesses(alpha):
            answer = client.get(address.format(quote(guess)))
            assert answer.status_code in (200, 400, 404), (address, guess)
            assert CANARY not in seen(answer), (address, guess)
            if address.startswith("/api") and answer.status_code == 200:
                assert answer.json()["runs"] == [], (address, guess)
    owner = alpha.client()
    assert owner.get(f"/api/v1/runs?graph={alpha.graph.slug}").json()["runs"], "control: the owner finds it"


def test_t12_sums_are_of_the_own_workspace(alpha: House, beta: House) -> None:
    """T12"""
    for address in ("/api/v1/costs", "/api/v1/approvals", "/api/v1/runs"):
        before = beta.client().get(address).content
        with tenant_scope(alpha.tenant.id):
            alpha.run.delete()
        assert beta.client().get(address).content == before, address
        with tenant_scope(alpha.tenant.id):
            alpha.run.save(force_insert=True)


def asked(house: House, url: str) -> tuple[int, int, list[str]]:
    """Status, length, and the statements that were made, without their values."""
    client = house.client()
    with CaptureQueriesContext(connection) as made:
        answer = client.get(url)
    statements = [query["sql"].partition(" WHERE ")[0] for query in made.captured_queries]
    return answer.status_code, len(getattr(answer, "content", b"")), statements


def test_t19_what_is_foreign_takes_the_same_work_as_what_is_missing(alpha: House, beta: House) -> None:
    """T19: by what is done, which a clock could only estimate."""
    theirs, missing = known_parameters(alpha)
    missing = {**missing, "slug": "x" * len(str(theirs["slug"])), "agent_slug": "x" * len(str(theirs["agent_slug"])), "number": 1}
    compared = 0
    for pattern, parameters in ALL_ROUTES:
        if not parameters or {"token", "app_label", "name", "sha256", "tenant_slug", "tool"} & set(parameters) or parameters == ("number",):
            continue
        route = Route(pattern, parameters)
        foreign = asked(beta, route.url(of_pattern(theirs, pattern)))
        nothing = asked(beta, route.url(of_pattern(missing, pattern)))
        assert foreign == nothing, pattern
        compared += foreign[0] == 404
    assert compared >= 10


def test_t18_graph_that_is_handed_over_takes_nothing_of_its_workspace_along(alpha: House, beta: House) -> None:
    """T18: what another workspace makes of its document is bound to nothing of the first one."""
    document: dict[str, Any] = alpha.client().get(f"/api/v1/graphs/{alpha.graph.slug}").json()["document"]
    text = json.dumps(document)
    for kept in (PROVIDER_SECRET, str(alpha.tenant.pk), str(alpha.owner.pk), alpha.owner.username, str(alpha.run.pk), alpha.secret):
        assert kept not in text, kept
    with tenant_scope(beta.tenant.id):
        graph = create_graph(tenant=beta.tenant, title="Handed over", slug="handed-over", document=document, by=beta.owner)
        assert graph.tenant_id == beta.tenant.id and graph.files == {}
    shown = beta.client().get("/api/v1/graphs/handed-over").content.decode()
    assert str(alpha.tenant.pk) not in shown and str(alpha.graph.pk) not in shown and alpha.agent.slug not in shown


@pytest.mark.parametrize("kind", ["files", "identities", "tenant", "created_by", "id"])
def test_t18_document_that_names_rows_is_refused_or_stripped(beta: House, kind: str, alpha: House) -> None:
    """T18"""
    document = {**alpha.graph.document, kind: {"tickets.csv": alpha.blob}}
    answer = beta.client().post(
        "/api/v1/graphs", json.dumps({"title": "X", "slug": "x", "document": document}), content_type="application/json"
    )
    assert answer.status_code == 400, answer.content
