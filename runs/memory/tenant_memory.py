"""The engine's memory port: the memories of a run's tenant."""

from collections.abc import Callable
from datetime import UTC
from typing import Final, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError

from orchestrator.capabilities.embeddings.embedder import Embedder
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, Provenance, RecalledMemory
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import HostUnavailable, MemoryFailed
from orchestrator.engine.ports import CallContext
from runs.memory.moving import embed_again, left_behind, note_asked, other_models
from runs.memory.search import Found, mark_recalled, search
from runs.memory.spaces import Source, space_named, store
from runs.models import MemorySpace, Run
from runs.vector_field import Vector
from tenants.isolation.database import DatabaseThreads, is_away
from tenants.isolation.scope import tenant_scope

log = structlog.get_logger(__name__)
_MOVES: Final = "They are embedded again by the model that is asked for now, a portion with each recall."

P = ParamSpec("P")
T = TypeVar("T")


class TenantMemory:
    """Lent to the runs of one tenant. The database is visited on threads, the model of vectors asked on the loop."""

    def __init__(self, tenant: UUID, embedder: Embedder, threads: DatabaseThreads) -> None:
        self._tenant = tenant
        self._embedder = embedder
        self._threads = threads

    async def recall(self, query: MemoryQuery, call: CallContext) -> tuple[tuple[RecalledMemory, ...], Usage | None]:
        """What other models made comparable is found by them, and a portion of it is embedded anew by the one that is asked for."""
        embedded = await self._embedder.embed(query.embedding, [query.text])
        looked = await self._visit(_look, query, embedded.vectors[0])
        if looked is None or not looked.others:
            return () if looked is None else tuple(map(_recalled, looked.found)), embedded.usage
        usages, questions, unheard = [embedded.usage], {query.embedding: embedded.vectors[0]}, []
        for model in looked.others:
            try:
                asked = await self._embedder.embed(model, [query.text])
            except MemoryFailed as error:
                unheard.append(model)
                log.warning("memories_not_compared", space=query.space, model=model, error=error.info.message, cure=_MOVES)
            else:
                questions[model] = asked.vectors[0]
                usages.append(asked.usage)
        found = await self._visit(_look_everywhere, looked.space, query, questions)
        usages.append(await self._embed_again(looked, query, unheard))
        return tuple(map(_recalled, found)), _sum(usages)

    async def _embed_again(self, looked: "_Looked", query: MemoryQuery, unheard: list[str]) -> Usage | None:
        """A portion of what is comparable by models that are not asked by any more. What fails here is done by who recalls next."""
        stale = await self._visit(left_behind, looked.space, query.kind, looked.others, unheard)
        if not stale:
            return None
        try:
            made = await self._embedder.embed(query.embedding, [one.text for one in stale])
        except MemoryFailed as error:
            log.warning("memories_not_embedded_again", space=query.space, model=query.embedding, error=error.info.message)
            return None
        await self._visit(embed_again, looked.space, stale, list(made.vectors), query.embedding)
        return made.usage

    async def remember(self, memory: NewMemory, call: CallContext) -> tuple[KeptMemory, Usage | None]:
        embedded = await self._embedder.embed(memory.embedding, [memory.text])
        once = memory.key(call.run_id, call.idempotency_key)
        kept = await self._visit(_remember, memory, embedded.vectors[0], once, call.run_id, call.path, call.agent)
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


class _Looked(NamedTuple):
    """`found` was marked as recalled, unless there are memories that only `others` can compare."""

    space: MemorySpace
    found: list[Found]
    others: list[str]


def _look(query: MemoryQuery, question: Vector) -> _Looked | None:
    space = space_named(query.space)
    if space is None:
        return None
    note_asked(space, query.embedding)
    others = other_models(space, query.kind, query.embedding)
    if others:
        return _Looked(space, [], others)
    found = search(space, query.kind, query.embedding, question, query.retrieval)
    mark_recalled(found)
    return _Looked(space, found, [])


def _look_everywhere(space: MemorySpace, query: MemoryQuery, questions: dict[str, Vector]) -> list[Found]:
    """The best of what each model finds. Their scores are not quite on one scale; there is none on which they are."""
    found = [one for model, question in questions.items() for one in search(space, query.kind, model, question, query.retrieval)]
    best = sorted(found, key=lambda one: (-one.ranked.score, one.memory.pk))[: query.retrieval.k]
    mark_recalled(best)
    return best


def _sum(usages: list[Usage | None]) -> Usage | None:
    known = [usage for usage in usages if usage is not None]
    if not known:
        return None
    tokens, cost = sum(usage.input_tokens for usage in known), sum(usage.cost_nano_usd for usage in known)
    return Usage(input_tokens=tokens, cost_nano_usd=cost, priced=all(usage.priced for usage in known)).bounded()


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
