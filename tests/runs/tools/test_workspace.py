"""Files of a run in the database: behind the tenant's wall, once for each call, whole after a worker was killed."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.capabilities.tools.workspace import workspace as limits
from orchestrator.engine.errors import ToolError
from runs.models import Run, WorkspaceFile
from runs.tools.workspace import RunWorkspace
from tenants.isolation.database import DatabaseThreads
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.databases import Database
from tests.runs.factories import World, chain, world
from tests.runs.installation import Installation, ended, run_of
from tests.runs.services import wait_until


@pytest.fixture
def threads(database: Database) -> Iterator[DatabaseThreads]:
    own = DatabaseThreads("workspace", 2)
    yield own
    own.stop()


async def test_files_are_written_read_and_listed(one: RunWorkspace) -> None:
    first = await one.write("b.md", "one ü", "k1")
    await one.write("a.md", "", "k2")
    second = await one.write("b.md", "two", "k3")
    assert (first.version, first.size, second.version) == (1, 6, 2)
    assert await one.read("b.md") == "two" and await one.read("gone") is None
    assert await one.list() == [await one.write("a.md", "", "k2"), second]


@pytest.fixture
def one(threads: DatabaseThreads) -> RunWorkspace:
    place = world()
    return RunWorkspace(place.tenant.pk, place.run("x").pk, threads)


async def test_write_that_is_made_again_goes_over_nothing(one: RunWorkspace) -> None:
    first = await one.write("a", "first", "k1")
    await one.write("a", "second", "k2")
    assert await one.write("a", "first", "k1") == first and await one.read("a") == "second"


@pytest.fixture
def walled(threads: DatabaseThreads) -> tuple[RunWorkspace, Run, World]:
    """A run's workspace, the run, and another tenant."""
    place = world()
    run = place.run("x")
    return RunWorkspace(place.tenant.pk, run.pk, threads), run, world()


async def test_no_tenant_reaches_anothers_files_even_by_the_id_of_the_run(
    walled: tuple[RunWorkspace, Run, World], threads: DatabaseThreads
) -> None:
    own, run, other = walled
    await own.write("a", "secret of alpha", "k")
    foreign = RunWorkspace(other.tenant.pk, run.pk, threads)
    assert await foreign.list() == [] and await foreign.read("a") is None
    with pytest.raises(Run.DoesNotExist):
        await foreign.write("a", "mine now", "other")
    assert await own.read("a") == "secret of alpha"


def test_rows_of_another_tenant_are_not_there(database: Database) -> None:
    place, other = world(), world()
    with tenant_scope(place.tenant.pk):
        WorkspaceFile.objects.create(
            tenant=place.tenant, run=place.run("x"), name="a", version=1, key="k", size=1, sha256="0" * 64, text="x"
        )
    with tenant_scope(other.tenant.pk):
        assert WorkspaceFile.objects.count() == 0


async def test_writes_at_once_have_versions_of_their_own_and_none_is_lost(one: RunWorkspace) -> None:
    made = await asyncio.gather(*(one.write("a", f"text {number}", f"k{number % 6}") for number in range(12)))
    assert sorted({file.version for file in made}) == [1, 2, 3, 4, 5, 6]


async def test_limits_hold_over_the_whole_run(one: RunWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_FILES", 2)
    for number in range(2):
        await one.write(f"f{number}", "x", f"k{number}")
    with pytest.raises(ToolError, match="may have no more"):
        await one.write("f3", "x", "k3")
    monkeypatch.setattr(limits, "MOST_BYTES", 5)
    with pytest.raises(ToolError, match="may write no more"):
        await one.write("f0", "xxxx", "k4")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    writes=st.lists(
        st.tuples(st.sampled_from("abc"), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)), max_size=6
    )
)
async def test_it_does_what_the_one_in_memory_does(one: RunWorkspace, writes: list[tuple[str, str]]) -> None:
    memory, mark = limits.WorkspaceInMemory(), uuid4().hex
    for number, (name, text) in enumerate(writes):
        key = f"{mark}{number}"
        kept, expected = await one.write(f"{mark}{name}", text, key), await memory.write(f"{mark}{name}", text, key)
        assert kept == expected
    assert [file for file in await one.list() if file.name.startswith(mark)] == await memory.list()


def test_deleted_run_takes_its_files_along(database: Database) -> None:
    place = world()
    run = place.run("x")
    with system_scope():
        WorkspaceFile.objects.create(tenant=place.tenant, run=run, name="a", version=1, key="k", size=1, sha256="0" * 64, text="x")
        run.delete()
        assert WorkspaceFile.objects.count() == 0


def node(id: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "kind": "tool", "params": {"tool": tool, "arguments": arguments}}


@pytest.mark.parametrize("failpoint", ["tool_started", "tool_answered_not_saved"])
def test_worker_that_is_killed_in_the_middle_of_a_write_leaves_one_write(extended: Installation, failpoint: str) -> None:
    client = extended.client()
    extended.worker.kill()
    extended.worker.wait(10)
    victim = extended.start_worker(failpoint)
    steps = [node("write", "workspace_write", name="a.md", text="kept"), node("list", "workspace_list")]
    run = run_of(client, f"files-{failpoint.replace('_', '-')}", None, chain(*steps))
    wait_until(lambda: victim.poll() is not None, 60, "the worker died inside the call")
    extended.worker = extended.start_worker()
    found = ended(client, run, 60)
    assert found["status"] == "succeeded" and [(file["name"], file["version"]) for file in found["output"]] == [("a.md", 1)], found
