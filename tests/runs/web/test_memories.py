"""What agents remember, on the page and over REST: looked at, searched, corrected, deleted, by whom it may be."""

from typing import Any

import pytest
from django.test import Client

from runs.models import Memory, MemorySpace, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.roles import MemberRole
from tests.runs.databases import Database
from tests.runs.factories import World, member, world
from tests.runs.memory.rows import keep

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def filled() -> World:
    place = world()
    with tenant_scope(place.tenant.pk):
        keep("Ann likes <b>green</b> tea")
        keep("Bob drives a red car", space="cars")
        keep("Task: sell a car", kind="episode", space="episodes")
        run = place.run("x")
        Memory.objects.filter(space__name="cars").update(run=run, path="work#1/remember.1", sensitive=["phone number"])
    return place


def first(text: str) -> Memory:
    with system_scope():
        return Memory.objects.get(text__contains=text)


def test_the_page_shows_searches_and_leads_to_the_run(database: Database) -> None:
    place, other = filled(), filled()
    client = signed_in(place.user)
    text = client.get("/memory/").content.decode()
    assert "Ann likes &lt;b&gt;green&lt;/b&gt; tea" in text and "<b>green" not in text and text.count("data-memory") == 3
    with system_scope():
        run, foreign = Run.objects.get(tenant=place.tenant), Run.objects.get(tenant=other.tenant)
    assert f"/runs/{run.pk}/#span=work%231%2Fremember.1" in text and str(foreign.pk) not in text and "phone number" in text
    found = client.get("/memory/?q=red+car").content.decode()
    assert found.index("Bob drives") < found.index("sell a car") and "0." in found
    assert client.get("/memory/?space=cars").content.decode().count("data-memory") == 1
    assert client.get("/memory/?kind=episode").content.decode().count("data-memory") == 1
    assert "Nothing fits" in client.get("/memory/?space=none").content.decode()
    assert client.get("/memory/?kind=odd").status_code == 400
    assert "Nothing is remembered yet" in signed_in(world().user).get("/memory/").content.decode()


def test_one_memory_has_a_page_for_whoever_may_see_it(database: Database) -> None:
    place, other = filled(), filled()
    with system_scope():
        mine, foreign = (Memory.objects.get(text__contains="Bob", tenant=each.tenant) for each in (place, other))
    client = signed_in(place.user)
    text = client.get(f"/memory/{mine.pk}/").content.decode()
    assert "Bob drives a red car" in text and text.count("data-memory") == 1 and "Save the correction" in text and "All memories" in text
    assert client.get(f"/memory/{foreign.pk}/").status_code == 404
    assert client.get(f"/memory/{10**30}/").status_code == 404


def test_an_editor_corrects_and_deletes_and_a_viewer_only_looks(database: Database) -> None:
    place = filled()
    memory = first("Bob drives")
    viewer, editor = signed_in(member(place.tenant, MemberRole.VIEWER)), signed_in(member(place.tenant, MemberRole.EDITOR))
    assert "Correct or delete" not in viewer.get("/memory/").content.decode()
    for path in (f"/memory/{memory.pk}/correct/", f"/memory/{memory.pk}/delete/", "/memory/spaces/cars/delete/"):
        assert viewer.post(path, {"text": "x"}).status_code == 403
    assert editor.post(f"/memory/{memory.pk}/correct/", {"text": "Bob rides a bike"}).status_code == 302
    assert first("Bob").text == "Bob rides a bike" and first("Bob").sensitive == []
    assert "corrected by" in editor.get("/memory/?q=bike").content.decode()
    editor.post(f"/memory/{memory.pk}/delete/")
    editor.post("/memory/spaces/team/delete/")
    with system_scope():
        assert list(Memory.objects.values_list("space__name", flat=True)) == ["episodes"]
        assert not MemorySpace.objects.filter(name="team").exists()


def test_the_api_does_the_same(database: Database) -> None:
    place = filled()
    client = signed_in(place.user)
    listed = client.get("/api/v1/memories").json()
    assert [row["text"] for row in listed["memories"]] == ["Task: sell a car", "Bob drives a red car", "Ann likes <b>green</b> tea"]
    assert listed["memories"][1]["origin"]["path"] == "work#1/remember.1" and listed["memories"][0]["score"] is None
    found = client.get("/api/v1/memories?q=green+tea").json()["memories"]
    assert found[0]["text"].startswith("Ann") and 0.3 < found[0]["score"] <= 1
    address = f"/api/v1/memories/{found[0]['id']}"
    changed = client.patch(address, {"text": "Ann likes ann@example.com"}, content_type="application/json").json()
    assert changed["text"] == "Ann likes ann@example.com" and changed["sensitive"] == ["e-mail address"]
    assert client.get(address).json() == changed
    assert client.patch(address, {}, content_type="application/json").json() == changed
    for bad in ({"text": ""}, {"text": "x" * 8001}, {"text": 7}):
        refused = client.patch(address, bad, content_type="application/json")
        assert refused.status_code == 400 and refused["Content-Type"] == "application/problem+json"
    assert client.get("/api/v1/memory-spaces").json()["spaces"][0] == {"name": "cars", "memories": 1, "models": {"local/ngrams-256": 1}}
    assert client.delete(address).status_code == 204 and client.get(address).status_code == 404
    assert client.delete("/api/v1/memory-spaces/cars").status_code == 204
    assert client.delete("/api/v1/memory-spaces/cars").status_code == 404
    assert client.get(f"/api/v1/memories/{10**30}").status_code == 404


def test_pages_of_many_memories_hold_each_once(database: Database) -> None:
    place = world()
    with tenant_scope(place.tenant.pk):
        for number in range(7):
            keep(f"memory {number}")
    client = signed_in(place.user)
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/memories?limit=3&cursor={cursor}").json()
        seen += [row["text"] for row in page["memories"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == [f"memory {number}" for number in reversed(range(7))]


def test_memories_of_a_restricted_graph_are_for_those_who_may_see_it(database: Database) -> None:
    place = filled()
    with system_scope():
        place.graph.restricted = True
        place.graph.save()
    editor = signed_in(member(place.tenant, MemberRole.EDITOR))
    assert [row["text"] for row in editor.get("/api/v1/memories").json()["memories"]] == ["Task: sell a car", "Ann likes <b>green</b> tea"]
    assert editor.get("/api/v1/memories?q=red+car").json()["memories"][0]["text"] == "Task: sell a car"
    assert editor.get(f"/api/v1/memories/{first('Bob').pk}").status_code == 404
    assert editor.delete("/api/v1/memory-spaces/cars").status_code == 404
    assert len(signed_in(place.user).get("/api/v1/memories").json()["memories"]) == 3
