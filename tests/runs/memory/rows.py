"""Memories for tests, kept as a run keeps them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from orchestrator.capabilities.embeddings import local
from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING, Retention, Retrieval
from orchestrator.engine.effects.memory import KeptMemory, MemoryKind, NewMemory, Provenance
from runs.memory.search import Found, search
from runs.memory.spaces import Source, space_named, store
from runs.models import Memory
from runs.vector_field import Vector


def keep(
    text: str,
    *,
    space: str = "team",
    kind: MemoryKind = "note",
    vector: Vector | None = None,
    once: str = "",
    tells_of: str = "",
    **rest: Any,
) -> KeptMemory:
    embedding = LOCAL_EMBEDDING if vector is None else "test/vectors"
    new = NewMemory(space=space, kind=kind, text=text, embedding=embedding, retention=Retention(**rest), tells_of=tells_of)
    return store(new, local.embed(text) if vector is None else vector, once or uuid4().hex, Source(None, Provenance(agent="Ann")))


def find(question: str | Vector, *, space: str = "team", kind: str = "note", model: str = "", **retrieval: Any) -> list[Found]:
    row = space_named(space)
    if row is None:
        return []
    vector = local.embed(question) if isinstance(question, str) else question
    named = model or (LOCAL_EMBEDDING if isinstance(question, str) else "test/vectors")
    return search(row, kind, named, vector, Retrieval(**{"min_score": 0.0, **retrieval}))


def texts(found: Sequence[Found]) -> list[str]:
    return [one.memory.text for one in found]


def all_texts() -> list[str]:
    return list(Memory.objects.order_by("pk").values_list("text", flat=True))


def unit(*numbers: float) -> Vector:
    vector = np.array(numbers, dtype=np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)
