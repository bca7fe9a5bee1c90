"""Memories that fit a question. The tenant is part of each query, and so is the model whose vectors can be compared."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from orchestrator.engine.document.agents.memory import Retrieval
from runs.memory.matrix import MATRICES
from runs.memory.pgvector import INDEXED
from runs.memory.ranking import Near, Ranked, pool_of, rank
from runs.models import Memory, MemorySpace
from runs.vector_field import Vector, as_text
from tenants.isolation.scope import current_tenant_id

EXACT_UP_TO: Final = 10_000
"""Memories of a space that PostgreSQL compares one by one; of larger ones it follows an index, which may miss a few in a hundred."""
_LOOKED_AT: Final = 400
"""Entries of the index that are kept in view at least: of the five most alike of 100,000 texts 97 % are found, with 100 only 89 %."""
_SCANNED: Final = 100_000
"""Entries of the index that may be looked at: those of other spaces lie among them."""

_RULES: Final = (
    "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true),"
    " set_config('hnsw.max_scan_tuples', %s, true)"
)


class Found(NamedTuple):
    memory: Memory
    ranked: Ranked


def search(space: MemorySpace, kind: str, model: str, question: Vector, retrieval: Retrieval) -> list[Found]:
    """The memories of a space that fit, best first. Works within the scope of the space's tenant."""
    near = _NEAREST.get(connection.vendor, _by_matrix)(space, kind, model, question, pool_of(retrieval))
    return found_of(question, near, retrieval)


def found_of(question: Vector, near: list[Memory], retrieval: Retrieval) -> list[Found]:
    now = timezone.now()
    rows = {row.pk: row for row in near}
    ranked = rank(question, [Near(row.pk, row.embedding, _us(row.created_at)) for row in near], retrieval, _us(now))
    return [Found(rows[one.id], one) for one in ranked]


def live() -> QuerySet[Memory]:
    """Memories whose time has not run out."""
    return Memory.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


def is_live(memory: Memory) -> bool:
    return memory.expires_at is None or memory.expires_at > timezone.now()


def mark_recalled(found: list[Found]) -> None:
    if not found:
        return
    ids = [one.memory.pk for one in found]
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL synchronous_commit = off")  # a mark that a crash loses does no harm, and nobody waits for the disk
        cursor.execute(f"UPDATE runs_memory SET recalled_at = %s WHERE {_these(ids)}", [timezone.now(), *_values(ids)])  # noqa: S608 - places


def _by_matrix(space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[Memory]:
    """What is found to have gone leaves the copy, and the next ones like the question are looked at in its place."""
    while True:
        ids = MATRICES.nearest(space, kind, model, question, most)
        rows = [row for row in _read(ids) if (row.space_id, row.kind, row.model) == (space.pk, kind, model) and is_live(row)]
        gone = set(ids) - {row.pk for row in rows}
        if not gone:
            return rows
        MATRICES.drop(space, kind, model, question, gone)


def _by_pgvector(space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[Memory]:
    size = len(question)
    if space.size > EXACT_UP_TO and size in INDEXED:
        ids = indexed(space, kind, model, question, most)
        if len(ids) >= most:
            return _read(ids)
    return _read(exact(space, kind, model, question, most))


def exact(space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[int]:
    sql = (
        "SELECT id FROM runs_memory WHERE tenant_id = %s AND space_id = %s AND kind = %s AND model = %s AND dimension = %s"
        " AND (expires_at IS NULL OR expires_at > now()) ORDER BY embedding <=> %s::vector, id LIMIT %s"
    )
    return _ids(sql, [current_tenant_id(), space.pk, kind, model, len(question), as_text(question), most])


def indexed(space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[int]:
    size = len(question)
    assert size in INDEXED
    sql = (
        f"SELECT id FROM runs_memory WHERE dimension = {size} AND tenant_id = %s AND space_id = %s AND kind = %s AND model = %s"  # noqa: S608 - a number of ours
        f" AND (expires_at IS NULL OR expires_at > now()) ORDER BY embedding::vector({size}) <=> %s::vector({size}) LIMIT %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RULES, [str(max(_LOOKED_AT, min(1000, 2 * most))), str(_SCANNED)])
        cursor.execute(sql, [current_tenant_id(), space.pk, kind, model, as_text(question), most])
        return [number for (number,) in cursor.fetchall()]


def _ids(sql: str, values: list[str | int | UUID]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [number for (number,) in cursor.fetchall()]


def _read(ids: list[int]) -> list[Memory]:
    if not ids:
        return []
    rows = Memory.objects.raw(f"SELECT * FROM runs_memory WHERE {_these(ids)}", _values(ids))  # noqa: S608 - places
    return list(rows)


def _these(ids: list[int]) -> str:
    """These rows of the tenant. The plus keeps SQLite, which guesses without figures, from going through all rows of the tenant."""
    plus = "+" if connection.vendor == "sqlite" else ""
    return f"id IN ({', '.join(['%s'] * len(ids))}) AND {plus}tenant_id = %s"


def _values(ids: list[int]) -> list[int | str]:
    tenant = current_tenant_id()
    return [*ids, tenant.hex if connection.vendor == "sqlite" else str(tenant)]


def _us(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1_000_000)


_NEAREST: Final[dict[str, Callable[[MemorySpace, str, str, Vector, int], list[Memory]]]] = {"postgresql": _by_pgvector}
