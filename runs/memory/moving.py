"""Memories that were made comparable by another model than the agents of their space ask by now.

Until they are embedded again they are compared by their own model, so nothing that is remembered is out of sight when an
agent's embedding model is changed. Whoever asks by the new one embeds a portion of them again, unless agents still ask by the
old one: two agents that share a space and differ in their models would pull its memories to and fro.
"""

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from runs.models import Memory, MemorySpace
from runs.vector_field import Vector
from tenants.isolation.scope import current_tenant_id

PORTION: Final = 64
"""Memories that are embedded again at once: no more than every provider takes in one request."""
STILL_ASKED_S: Final = 24 * 3600.0
"""An agent that asked within this time by another model may do so again."""
_NOTED_S: Final = 3600.0
"""How often it is noted that a model is asked by."""
_MOST: Final = 8
"""Models of one space that are looked at."""

_MODELS: Final = (
    "WITH RECURSIVE step(model) AS ("
    " SELECT min(model) FROM runs_memory WHERE space_id = %s AND kind = %s AND {plus}tenant_id = %s"
    " UNION ALL SELECT (SELECT min(model) FROM runs_memory"
    " WHERE space_id = %s AND kind = %s AND {plus}tenant_id = %s AND model > step.model) FROM step WHERE step.model IS NOT NULL)"
    " SELECT model FROM step WHERE model IS NOT NULL LIMIT %s"
)
"""The plus keeps SQLite from going through all rows of the tenant."""


class Stale(NamedTuple):
    """A memory whose vector another model made, as it stood when it was read."""

    id: int
    stamp: int
    text: str


def other_models(space: MemorySpace, kind: str, model: str) -> list[str]:
    """By which models besides this one memories of a space are comparable. Each is one step in an index, however many memories."""
    tenant = current_tenant_id()
    plus, owner = ("+", tenant.hex) if connection.vendor == "sqlite" else ("", str(tenant))
    with connection.cursor() as cursor:
        cursor.execute(_MODELS.format(plus=plus), [space.pk, kind, owner, space.pk, kind, owner, _MOST + 1])
        return [name for (name,) in cursor.fetchall() if name != model]


def note_asked(space: MemorySpace, model: str) -> None:
    """Agents look for memories of this space by this model."""
    now = time.time()
    if now - float(space.asked.get(model, 0)) < _NOTED_S:
        return
    with transaction.atomic():
        locked = MemorySpace.objects.select_for_update().filter(pk=space.pk).first() or space
        newest = sorted({**locked.asked, model: now}.items(), key=lambda one: -one[1])[:_MOST]
        MemorySpace.objects.filter(pk=space.pk).update(asked=dict(newest))


def left_behind(space: MemorySpace, kind: str, others: Sequence[str], unheard: Sequence[str]) -> list[Stale]:
    """A portion of what may be embedded again: made by models that nobody asks by any more, or that cannot be asked (`unheard`)."""
    since = time.time() - STILL_ASKED_S
    given_up = [name for name in others if name in unheard or float(space.asked.get(name, 0)) < since]
    rows = Memory.objects.filter(space=space, kind=kind, model__in=given_up) if given_up else Memory.objects.none()
    return [Stale(*row) for row in rows.order_by("model", "stamp").values_list("pk", "stamp", "text")[:PORTION]]


def embed_again(space: MemorySpace, stale: Sequence[Stale], vectors: Sequence[Vector], model: str) -> int:
    """Put the new vectors in their places; what was corrected or has gone meanwhile stays as it is. How many those were."""
    with transaction.atomic():
        locked = MemorySpace.objects.select_for_update().filter(pk=space.pk).first()
        if locked is None:
            return 0
        moved = 0
        for old, vector in zip(stale, vectors, strict=True):
            rows = Memory.objects.filter(pk=old.id, stamp=old.stamp)
            moved += rows.update(embedding=vector, model=model, dimension=len(vector), stamp=locked.version + moved + 1)
        MemorySpace.objects.filter(pk=space.pk).update(version=F("version") + moved)
        return moved
