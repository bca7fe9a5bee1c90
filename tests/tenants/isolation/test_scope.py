"""Rows are reachable in their tenant's scope and nowhere else."""

import asyncio
import random
import threading
from uuid import UUID, uuid4

import pytest

from editor.models import Graph
from tenants.isolation.scope import SYSTEM, ForeignTenant, NoTenant, current_scope, current_tenant_id, system_scope, tenant_scope
from tenants.models import Tool
from tests.tenants.cast import House


def test_t17_rows_without_a_scope_raise(alpha: House) -> None:
    for ask in (Graph.objects.count, lambda: Tool.objects.first(), lambda: alpha.graph.versions.count(), alpha.graph.refresh_from_db):
        with pytest.raises(NoTenant):
            ask()


def test_a_scope_shows_its_tenants_rows_and_no_others(alpha: House, beta: House) -> None:
    with tenant_scope(alpha.tenant.id):
        assert list(Graph.objects.values_list("slug", flat=True)) == ["alpha-graph"]
        assert not Graph.objects.filter(pk=beta.graph.pk).exists()
    with system_scope():
        assert Graph.objects.count() == 2


def test_t02_a_row_of_another_tenant_cannot_be_written(alpha: House, beta: House) -> None:
    with tenant_scope(beta.tenant.id):
        with pytest.raises(ForeignTenant):
            Graph(tenant=alpha.tenant, slug="x", title="x", document={}).save()
        with pytest.raises(ForeignTenant):
            Graph.objects.bulk_create([Graph(tenant=alpha.tenant, slug="x", title="x", document={})])
        with pytest.raises(ForeignTenant):
            alpha.graph.save()
        assert Graph.objects.filter(pk=alpha.graph.pk).update(title="stolen") == 0


def test_the_scope_ends_with_its_block_even_by_an_exception() -> None:
    with pytest.raises(ValueError, match="inside"), tenant_scope(uuid4()):
        raise ValueError("inside")
    assert current_scope() is None


def test_a_thread_begins_without_a_scope() -> None:
    seen: list[object] = []
    with tenant_scope(uuid4()):
        thread = threading.Thread(target=lambda: seen.append(current_scope()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_the_system_is_no_tenant() -> None:
    with system_scope():
        assert current_scope() is SYSTEM
        with pytest.raises(NoTenant):
            current_tenant_id()


async def test_t16_a_thousand_interleaved_tasks_keep_their_own_scope() -> None:
    dice = random.Random(16)
    wrong: list[UUID] = []

    async def work(tenant: UUID, fails: bool) -> None:
        with tenant_scope(tenant):
            for _ in range(dice.randint(1, 4)):
                await asyncio.sleep(dice.random() / 1000)
                if current_tenant_id() != tenant:
                    wrong.append(tenant)
            if fails:
                raise RuntimeError("a request failed half-way")

    tasks = [work(uuid4(), dice.random() < 0.2) for _ in range(1000)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert wrong == []
    assert sum(isinstance(result, RuntimeError) for result in results) > 100
    assert current_scope() is None


def test_t16_a_thousand_interleavings_on_threads_keep_their_own_scope() -> None:
    wrong: list[UUID] = []
    barrier = threading.Barrier(4)

    def work(seed: int) -> None:
        dice = random.Random(seed)
        barrier.wait()
        for _ in range(250):
            tenant = uuid4()
            try:
                with tenant_scope(tenant):
                    if dice.random() < 0.3:
                        raise RuntimeError
                    if current_tenant_id() != tenant:
                        wrong.append(tenant)
            except RuntimeError:
                pass
            if current_scope() is not None:
                wrong.append(tenant)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
