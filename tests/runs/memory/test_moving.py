"""An agent's embedding model is changed: what was kept under the former one is found, and embedded again a portion at a time."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from orchestrator.capabilities.embeddings.embedder import WITHOUT_KEYS, Embedder, RoutedEmbedder
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING, Retrieval
from orchestrator.engine.effects.memory import MemoryQuery, NewMemory
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.ports import CallContext
from orchestrator.engine.testing import call_context
from runs.memory import moving, search
from runs.memory.matrix import Matrices
from runs.memory.moving import embed_again, left_behind, other_models
from runs.memory.spaces import rewrite
from runs.memory.tenant_memory import TenantMemory
from runs.models import Memory, MemorySpace
from tenants.isolation.database import DatabaseThreads
from tenants.isolation.scope import tenant_scope
from tests.model_server import ModelServer
from tests.model_server.reply import Reply
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.memory.rows import unit

REMOTE = "openai/text-embedding-3-small"
TEXTS = ("Ann likes green tea", "Bob drives a red car", "Cy plays chess", "Dee grows roses", "Eve sails")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def threads() -> Iterator[DatabaseThreads]:
    made = DatabaseThreads("moving", 1)
    yield made
    made.stop()


@pytest.fixture
def place(database: Database, monkeypatch: pytest.MonkeyPatch, server: ModelServer) -> Iterator[World]:
    monkeypatch.setattr(search, "MATRICES", Matrices())
    server.reset()
    made = world()
    with tenant_scope(made.tenant.pk):
        yield made


@pytest.fixture
def with_key(server: ModelServer) -> Embedder:
    environment = {"OPENAI_API_KEY": "sk-x", "OPENAI_API_BASE": server.base}
    return RoutedEmbedder(ProviderKeys(environment=environment), private_hosts=[f"{server.host}:{server.port}"])


def call_of(key: str) -> CallContext:
    return replace(call_context(idempotency_key=key), run_id=str(uuid4()))


def keep_all(memory: TenantMemory, model: str) -> None:
    for text in TEXTS:
        new = NewMemory(space="team", kind="note", text=text, embedding=model)
        asyncio.run(memory.remember(new, call_of(text)))


def recalled(memory: TenantMemory, model: str, question: str = TEXTS[0]) -> tuple[list[str], Usage | None]:
    query = MemoryQuery(space="team", kind="note", text=question, embedding=model, retrieval=Retrieval(k=1))
    found, usage = asyncio.run(memory.recall(query, call_context()))
    return [one.text for one in found], usage


def models() -> dict[str, int]:
    counted = list(Memory.objects.order_by().values_list("model", flat=True))
    return {name: counted.count(name) for name in set(counted)}


def nobody_asks_by(model: str) -> None:
    space = MemorySpace.objects.get()
    space.asked[model] = time.time() - moving.STILL_ASKED_S - 1
    space.save(update_fields=["asked"])


def test_what_another_model_made_comparable_is_found_and_moved_in_portions(
    place: World, with_key: Embedder, threads: DatabaseThreads, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PORTION", 2)
    memory = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(memory, LOCAL_EMBEDDING)
    assert recalled(memory, LOCAL_EMBEDDING) == ([TEXTS[0]], None) and server.requests == []
    nobody_asks_by(LOCAL_EMBEDDING)
    for moved in (2, 4, 5):
        for question in TEXTS[-1:]:
            found, usage = recalled(memory, REMOTE, question)
            assert found == [question] and usage is not None and usage.input_tokens > len(question.split())
        assert models().get(REMOTE) == moved
    server.reset()
    for question in TEXTS:
        assert recalled(memory, REMOTE, question)[0] == [question]
    assert [asked.body["input"] for asked in server.requests] == [[question] for question in TEXTS], "nothing but the questions"
    assert MemorySpace.objects.get().size == 5 and Memory.objects.filter(recalled_at=None).count() == 0


def test_each_is_found_while_half_of_them_have_moved(
    place: World, with_key: Embedder, threads: DatabaseThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(memory, LOCAL_EMBEDDING)
    monkeypatch.setattr(moving, "PORTION", 3)
    recalled(memory, REMOTE)
    assert models() == {REMOTE: 3, LOCAL_EMBEDDING: 2}
    monkeypatch.setattr(moving, "PORTION", 0)
    assert [recalled(memory, REMOTE, text)[0] for text in TEXTS] == [[text] for text in TEXTS]


def test_agents_that_differ_in_their_models_do_not_pull_memories_to_and_fro(
    place: World, with_key: Embedder, threads: DatabaseThreads
) -> None:
    memory = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(memory, LOCAL_EMBEDDING)
    for model in (LOCAL_EMBEDDING, REMOTE, LOCAL_EMBEDDING, REMOTE):
        assert recalled(memory, model)[0] == [TEXTS[0]]
    assert models() == {LOCAL_EMBEDDING: 5}


def test_what_a_model_made_comparable_that_cannot_be_asked_any_more_moves_at_once(
    place: World, with_key: Embedder, threads: DatabaseThreads
) -> None:
    before = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(before, REMOTE)
    assert recalled(before, REMOTE)[0] == [TEXTS[0]]
    without = TenantMemory(place.tenant.pk, WITHOUT_KEYS, threads)
    recalled(without, LOCAL_EMBEDDING)
    assert models() == {LOCAL_EMBEDDING: 5}
    assert recalled(without, LOCAL_EMBEDDING)[0] == [TEXTS[0]]


def test_a_model_that_fails_to_embed_again_leaves_what_is_recalled_as_good(
    place: World, with_key: Embedder, threads: DatabaseThreads, server: ModelServer
) -> None:
    memory = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(memory, LOCAL_EMBEDDING)
    server.script(Reply(), Reply(status=500), model="text-embedding-3-small")
    assert recalled(memory, REMOTE)[0] == [TEXTS[0]] and models() == {LOCAL_EMBEDDING: 5}


def test_what_was_corrected_or_erased_meanwhile_is_left_alone(place: World, with_key: Embedder, threads: DatabaseThreads) -> None:
    memory = TenantMemory(place.tenant.pk, with_key, threads)
    keep_all(memory, LOCAL_EMBEDDING)
    space = MemorySpace.objects.get()
    stale = left_behind(space, "note", [LOCAL_EMBEDDING], [])
    assert len(stale) == 5 and other_models(space, "note", REMOTE) == [LOCAL_EMBEDDING] and not other_models(space, "episode", REMOTE)
    corrected = Memory.objects.get(text=TEXTS[1])
    rewrite(corrected, "Bob walks", corrected.embedding, corrected.model, "Eve", ())
    Memory.objects.filter(text=TEXTS[2]).delete()
    assert embed_again(space, stale, [unit(1, number) for number in range(5)], REMOTE) == 3
    assert Memory.objects.get(text="Bob walks").model == LOCAL_EMBEDDING
    stamps = list(Memory.objects.filter(model=REMOTE).order_by("stamp").values_list("stamp", flat=True))
    assert len(set(stamps)) == 3 and stamps[-1] == MemorySpace.objects.get().version


def test_t15_nothing_of_a_neighbour_is_found_or_moved(place: World, with_key: Embedder, threads: DatabaseThreads) -> None:
    keep_all(TenantMemory(place.tenant.pk, with_key, threads), LOCAL_EMBEDDING)
    beta = world()
    with tenant_scope(beta.tenant.pk):
        theirs = TenantMemory(beta.tenant.pk, with_key, threads)
        assert recalled(theirs, REMOTE) == ([], recalled(theirs, REMOTE)[1])
        asyncio.run(theirs.remember(NewMemory(space="team", kind="note", text="beta", embedding=REMOTE), call_of("b")))
        assert recalled(theirs, REMOTE, "beta")[0] == ["beta"]
    assert models() == {LOCAL_EMBEDDING: 5}
