"""The engine's memory port: the memories of a run's tenant."""

from collections.abc import Callable
from datetime import UTC
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from orchestrator.capabilities.embeddings.embedder import Embedder
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, Provenance, RecalledMemory
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.ports import CallContext
from runs.memory.search import Found, mark_recalled, search
from runs.memory.spaces import Source, space_named, store
from runs.models import Run
from runs.vector_field import Vector
from tenants.isolation.database import DatabaseThreads, is_away
from tenants.isolation.scope import tenant_scope

P = ParamSpec("P")
T = TypeVar("T")


class TenantMemory:
    """Lent to the runs of one tenant. The database is visited on threads, the model of vectors asked on the loop."""

    def __init__(self, tenant: UUID, embedder: Embedder, threads: DatabaseThreads) -> None:
        self._tenant = tenant
        self._embedder = embedder
        self._threads = threads

    async def recall(self, query: MemoryQuery, call: CallContext) -> tuple[tuple[RecalledMemory, ...], Usage | None]:
        embedded = await self._embedder.embed(query.embedding, [query.text])
        found = await self._visit(_recall, query, embedded.vectors[0])
        return found, embedded.usage

    async def remember(self, memory: NewMemory, call: CallContext) -> tuple[KeptMemory, Usage | None]:
        embedded = await self._embedder.embed(memory.embedding, [memory.text])
        kept = await self._visit(_remember, memory, embedded.vectors[0], call.idempotency_key, call.run_id, call.path, call.agent)
        return kept, embedded.usage

    async def _visit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def visit() -> T:
            with tenant_scope(self._tenant):
                return work(*args, **kwargs)

        try:
            return await self._threads.run(visit)
        except (DatabaseError, InterfaceError) as error:
            if is_away(error):
                raise HostUnavailable("The database does not answer") from error
            raise


def _recall(query: MemoryQuery, question: Vector) -> tuple[RecalledMemory, ...]:
    space = space_named(query.space)
    if space is None:
        return ()
    found = search(space, query.kind, query.embedding, question, query.retrieval)
    mark_recalled(found)
    return tuple(map(_recalled, found))


def _recalled(found: Found) -> RecalledMemory:
    memory, ranked = found
    source = Provenance(run=str(memory.run_id or ""), path=memory.path, agent=memory.agent, graph=memory.graph, person=memory.person)
    kept_us = int(memory.created_at.astimezone(UTC).timestamp() * 1_000_000)
    return RecalledMemory(
        id=str(memory.pk), text=memory.text, score=ranked.score, similarity=ranked.similarity, kept_us=kept_us, source=source
    )


def _remember(memory: NewMemory, vector: Vector, once: str, run_id: str, path: str, agent: str) -> KeptMemory:
    run = Run.objects.select_related("graph", "graph_version", "created_by").filter(pk=run_id).first()
    words = Provenance(
        run=run_id,
        path=path,
        agent=_agent_name(run, agent),
        graph=run.graph.slug if run else "",
        person=run.created_by.name if run and run.created_by else "",
    )
    return store(memory, vector, once, Source(run.pk if run else None, words))


def _agent_name(run: Run | None, agent_id: str) -> str:
    agents = run.graph_version.document.get("agents", {}) if run else {}
    named = agents.get(agent_id)
    return str(named["name"]) if isinstance(named, dict) and named.get("name") else agent_id
