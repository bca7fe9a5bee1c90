"""Writing to a named memory: whatever changes in it is counted there, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from orchestrator.engine.document.agents.memory import Retention
from orchestrator.engine.effects.memory import KeptMemory, NewMemory, Provenance
from runs.models import Memory, MemorySpace
from runs.vector_field import Vector
from tenants.isolation.scope import current_tenant_id

AT_ONCE: Final = 500
"""Memories that are erased in one go."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory is from; `run` is none outside of any run."""

    run: UUID | None
    words: Provenance


def space_named(name: str) -> MemorySpace | None:
    """A memory of the tenant being worked for."""
    return MemorySpace.objects.filter(name=name).first()


def store(memory: NewMemory, vector: Vector, once: str, source: Source) -> KeptMemory:
    """Keep it, unless it was kept under this key before; then let go of what its retention says.

    What tells of a piece of work takes the place of what told of it before, unless a person has corrected that.
    """
    with transaction.atomic():
        space = _locked(memory.space)
        now = timezone.now()
        told = _told(memory, vector, source, space.version + 1, now)
        known = Memory.objects.filter(once=once).first()
        if known is not None:
            if memory.tells_of and known.changed_at is None and known.text != memory.text:
                Memory.objects.filter(pk=known.pk).update(**told)
                MemorySpace.objects.filter(pk=space.pk).update(version=F("version") + 1)
            return KeptMemory(id=str(known.pk))
        row = Memory.objects.create(
            tenant_id=current_tenant_id(), space=space, kind=memory.kind, once=once, run_id=source.run, created_at=now, **told
        )
        MemorySpace.objects.filter(pk=space.pk).update(version=F("version") + 1, size=F("size") + 1)
        return KeptMemory(id=str(row.pk), forgotten=_let_go(space, memory.kind, memory.retention, now))


def _told(memory: NewMemory, vector: Vector, source: Source, stamp: int, now: datetime) -> dict[str, Any]:
    """The columns of what is told, and by whom."""
    return {
        "text": memory.text,
        "embedding": vector,
        "model": memory.embedding,
        "dimension": len(vector),
        "stamp": stamp,
        "sensitive": list(memory.sensitive),
        "path": source.words.path,
        "agent": source.words.agent[:80],
        "graph": source.words.graph[:80],
        "person": source.words.person[:200],
        "expires_at": _expiry(memory.retention, now),
    }


def rewrite(memory: Memory, text: str, vector: Vector, model: str, person: str, sensitive: Sequence[str]) -> None:
    """Put another text in the place of a memory's."""
    with transaction.atomic():
        space = _locked_row(MemorySpace.objects.filter(pk=memory.space_id))
        Memory.objects.filter(pk=memory.pk).update(
            text=text,
            embedding=vector,
            model=model,
            dimension=len(vector),
            person=person[:200],
            sensitive=list(sensitive),
            stamp=space.version + 1,
            changed_at=timezone.now(),
        )
        MemorySpace.objects.filter(pk=space.pk).update(version=F("version") + 1)


def erase(memory: Memory) -> None:
    with transaction.atomic():
        space = _locked_row(MemorySpace.objects.filter(pk=memory.space_id))
        _erase(space, Memory.objects.filter(pk=memory.pk))


def erase_space(space: MemorySpace) -> int:
    """The space and all in it. How many memories those were."""
    with transaction.atomic():
        locked = _locked_row(MemorySpace.objects.filter(pk=space.pk))
        gone, _ = Memory.objects.filter(space=locked).delete()
        locked.delete()
        return gone


def erase_expired(most: int) -> int:
    """What of the tenant being worked for has run out of its time, at most so many: how many those were."""
    listed = Memory.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at").values_list("space", "pk")[:most]
    overdue: dict[int, list[int]] = {}
    for space, number in listed:
        overdue.setdefault(space, []).append(number)
    count = 0
    for number in sorted(overdue):
        with transaction.atomic():
            locked = MemorySpace.objects.filter(pk=number).select_for_update().first()
            count += _erase(locked, Memory.objects.filter(pk__in=overdue[number])) if locked else 0
    return count


def _locked(name: str) -> MemorySpace:
    space, _ = MemorySpace.objects.get_or_create(tenant_id=current_tenant_id(), name=name)
    return _locked_row(MemorySpace.objects.filter(pk=space.pk))


def _locked_row(rows: QuerySet[MemorySpace]) -> MemorySpace:
    """One writer at a time: a stamp is given in the order in which it is seen."""
    return rows.select_for_update().get()


def _expiry(retention: Retention, now: datetime) -> datetime | None:
    return None if retention.max_age_days is None else now + timedelta(days=retention.max_age_days)


def _let_go(space: MemorySpace, kind: str, retention: Retention, now: datetime) -> int:
    rows = Memory.objects.filter(space=space, kind=kind)
    gone = _erase(space, rows.filter(expires_at__lte=now))
    if retention.max_age_days is not None:
        gone += _erase(space, rows.filter(created_at__lte=now - timedelta(days=retention.max_age_days)))
    if retention.max_count is not None:
        surplus = rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[retention.max_count :]
        gone += _erase(space, Memory.objects.filter(pk__in=list(surplus)))
    return gone


def _erase(space: MemorySpace, rows: QuerySet[Memory]) -> int:
    count, _ = rows.delete()
    if count:
        MemorySpace.objects.filter(pk=space.pk).update(erased=F("erased") + count, size=F("size") - count)
    return count
