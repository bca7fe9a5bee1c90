"""How long an agent waits for its memories when there are very many in one space: question in, memories out, marked as recalled."""

import asyncio
import random
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.scratch import prepare_django, scratch_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs.models import MemorySpace

MEMORIES = 100_000
QUICK_MEMORIES = 20_000
ASKED = 60
GOAL_MS = 50.0
_BATCH = 2_000
_SYLLABLES = ("ka", "lo", "mi", "ran", "te", "su", "vo", "ber", "nim", "dor", "pel", "ash", "qui", "zan", "fro", "gel")


def measure(*, quick: bool) -> list[Figure]:
    prepare_django()
    count = QUICK_MEMORIES if quick else MEMORIES
    return [figure for vendor in ("sqlite", "postgresql") for figure in _of(vendor, count)]


def _of(vendor: str, count: int) -> list[Figure]:
    from django.db import connection

    with scratch_database(vendor):
        texts = list(islice(_texts(), count))
        space = _fill(texts)
        if vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE runs_memory")
        taken = sorted(asyncio.run(_asked(space, texts)))
        name = f"recall of {count:,} memories, {vendor}"
        figures = [
            Figure(f"{name}, median", "ms", taken[len(taken) // 2], GOAL_MS),
            Figure(f"{name}, p95", "ms", taken[int(len(taken) * 0.95)], GOAL_MS),
        ]
        return figures + (
            [Figure("found of the five most alike, postgresql", "%", _found_of_exact(space, texts), 95.0, more_is_better=True)]
            if vendor == "postgresql"
            else []
        )


def _texts() -> "Iterator[str]":
    """Sentences of a few thousand made-up words, of which some are frequent."""
    dice = random.Random(1)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 4))) for _ in range(4_000)]
    weights = [1 / (rank + 5) for rank in range(len(words))]
    while True:
        yield " ".join(dice.choices(words, weights, k=dice.randint(6, 20)))


def _fill(texts: list[str]) -> "MemorySpace":
    from django.db import connection

    from orchestrator.capabilities.embeddings import local
    from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
    from runs.models import Memory, MemorySpace
    from tenants.isolation.scope import tenant_scope
    from tests.runs.factories import world

    tenant = world().tenant
    with tenant_scope(tenant.pk):
        space = MemorySpace.objects.create(tenant=tenant, name="team", version=len(texts), size=len(texts))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP INDEX memory_near_256")  # made again at the end, which is faster
        made = {"tenant": tenant, "space": space, "kind": "note", "model": LOCAL_EMBEDDING, "dimension": local.DIMENSION}
        for begin in range(0, len(texts), _BATCH):
            batch = enumerate(texts[begin : begin + _BATCH], start=begin + 1)
            Memory.objects.bulk_create(
                [Memory(text=text, embedding=local.embed(text), once=str(number), stamp=number, **made) for number, text in batch]
            )
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET maintenance_work_mem = '1GB'")
                cursor.execute(
                    "CREATE INDEX memory_near_256 ON runs_memory"
                    " USING hnsw ((embedding::vector(256)) vector_cosine_ops) WHERE dimension = 256"
                )
    return space


async def _asked(space: "MemorySpace", texts: list[str]) -> list[float]:
    """Milliseconds of each question; the first, which reads everything on SQLite, does not count."""
    from orchestrator.capabilities.embeddings.embedder import WITHOUT_KEYS
    from orchestrator.engine.testing import call_context
    from runs.memory.tenant_memory import TenantMemory
    from tenants.isolation.database import DatabaseThreads

    threads = DatabaseThreads("recall", 1)
    memory = TenantMemory(space.tenant_id, WITHOUT_KEYS, threads)
    taken = []
    for text in _questions(texts):
        began = time.perf_counter()
        found, _ = await memory.recall(_query(text), call_context())
        taken.append((time.perf_counter() - began) * 1000)
        assert found
    threads.stop()
    return taken[1:]


def _questions(texts: list[str]) -> list[str]:
    """Parts of what is remembered."""
    dice = random.Random(2)
    return [" ".join(dice.choice(texts).split()[:6]) for _ in range(ASKED + 1)]


def _query(text: str) -> Any:
    from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
    from orchestrator.engine.effects.memory import MemoryQuery

    return MemoryQuery(space="team", kind="note", text=text, embedding=LOCAL_EMBEDDING)


def _found_of_exact(space: "MemorySpace", texts: list[str]) -> float:
    """In per cent."""
    from orchestrator.capabilities.embeddings import local
    from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
    from runs.memory.search import exact, indexed
    from tenants.isolation.scope import tenant_scope

    with tenant_scope(space.tenant_id):
        shared = 0
        questions = _questions(texts)[:20]
        for text in questions:
            vector = local.embed(text)
            near, best = (work(space, "note", LOCAL_EMBEDDING, vector, 25) for work in (indexed, exact))
            shared += len(set(best[:5]) & set(near))
    return 100 * shared / (5 * len(questions))
