"""Texts as vectors: here, and by a provider over HTTP."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.embeddings import local
from orchestrator.capabilities.embeddings.embedder import ADDRESSES, WITHOUT_KEYS, RoutedEmbedder
from orchestrator.capabilities.embeddings.litellm_embeddings import LiteLLMEmbeddings
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.providers import ProviderKey
from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
from orchestrator.engine.errors import MemoryFailed
from tests.model_server import ModelServer
from tests.model_server.reply import Reply

KEY = "sk-of-embeddings-0123456789"
MODEL = "openai/text-embedding-3-small"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def embedder(server: ModelServer) -> RoutedEmbedder:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": server.base}
    return RoutedEmbedder(ProviderKeys(environment=environment), private_hosts=[f"{server.host}:{server.port}"])


def alike(one: str, other: str) -> float:
    return float(local.embed(one) @ local.embed(other))


def test_the_local_vector_is_of_words_and_their_parts() -> None:
    assert alike("Ann likes green tea", "ANN LIKES GREEN TEA!") == pytest.approx(1, abs=1e-6)
    assert alike("Caf\u00e9 cr\u00e8me", "cafe creme") == pytest.approx(1, abs=1e-6)
    assert alike("ordering", "ordered") > 0.2 > alike("ordering", "weather")
    assert alike("Ann likes green tea", "which tea does Ann like") > alike("Ann likes green tea", "the car is red")
    assert not local.embed("... !!").any() and not local.embed("").any()


@given(st.text(max_size=300))
def test_any_text_has_a_local_vector_of_length_one_or_none(text: str) -> None:
    length = float(np.linalg.norm(local.embed(text)))
    assert length == pytest.approx(1, abs=1e-5) or length == 0
    assert np.array_equal(local.embed(text), local.embed(text))


async def test_local_needs_nobody_and_costs_nothing() -> None:
    made = await WITHOUT_KEYS.embed(LOCAL_EMBEDDING, ["tea", "car"])
    assert made.vectors.shape == (2, local.DIMENSION) and made.usage is None


async def test_a_provider_is_asked_with_the_key_and_its_price_is_known(server: ModelServer) -> None:
    server.reset()
    made = await embedder(server).embed(MODEL, ["green tea", "zzz"])
    [asked] = server.requests
    assert (asked.key, asked.body["model"], asked.body["input"]) == (KEY, "text-embedding-3-small", ["green tea", "zzz"])
    assert made.vectors.shape == (2, 27) and np.allclose(np.linalg.norm(made.vectors, axis=1), 1)
    assert made.vectors[1][26] > 0.9, "in the order of the texts, whatever that of the answer"
    assert made.usage is not None and made.usage.input_tokens == 3 and made.usage.priced and made.usage.cost_nano_usd > 0


GOOD: list[float] = [1.0, 2.0]
PACKED = base64.b64encode(np.array(GOOD, dtype="<f4").tobytes()).decode()


async def test_vectors_in_base64_are_read(server: ModelServer) -> None:
    server.script(Reply(body={"data": [{"index": 0, "embedding": PACKED}]}), model="text-embedding-3-small")
    made = await embedder(server).embed(MODEL, ["x"])
    assert made.vectors[0].tolist() == pytest.approx([0.4472136, 0.8944272])


def answer(embedding: Any, index: Any = 0) -> dict[str, Any]:
    return {"data": [{"index": index, "embedding": embedding}]}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": []},
        answer([]),
        answer([0.0, 0.0]),
        answer("no base64!"),
        answer(["x"]),
        answer([1e39, 1]),
        answer(None),
        answer([[1.0]]),
    ]
    + [answer(GOOD, "x"), answer([1.0] * 5000), {"data": [{"index": 0, "embedding": GOOD}] * 2}, answer([float("nan")])],
)
async def test_nonsense_for_vectors_is_told(server: ModelServer, body: Any) -> None:
    server.script(Reply(body=body), model="text-embedding-3-small")
    with pytest.raises(MemoryFailed) as caught:
        await embedder(server).embed(MODEL, ["x"])
    assert "text-embedding-3-small" in str(caught.value)


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=401, fault="echo_key"), Reply(status=429), Reply(fault="html")])
async def test_a_provider_that_refuses_is_told_without_its_key(server: ModelServer, reply: Reply) -> None:
    server.script(reply, model="text-embedding-3-small")
    with pytest.raises(MemoryFailed) as caught:
        await embedder(server).embed(MODEL, ["x"])
    assert KEY not in str(caught.value) and caught.value.info.cure


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("nobody/x", "There is no embedding model"),
        ("openai", "There is no embedding model"),
        ("anthropic/claude-sonnet-4-5", "There is no embedding model"),
        ("demo/model", "There is no embedding model"),
        ("gemini/gemini-embedding-001", "needs a key"),
        ("voyage/voyage-3.5", "needs a key"),
        ("local/other", "There is no embedding model"),
        ("mistral/mistral-embed", "needs a key"),
    ],
)
async def test_a_model_that_cannot_be_asked_says_what_can(server: ModelServer, model: str, words: str) -> None:
    with pytest.raises(MemoryFailed, match=words) as caught:
        await embedder(server).embed(model, ["x"])
    assert caught.value.info.cure


async def test_nobody_there_is_told() -> None:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": "http://127.0.0.1:9/v1"}
    away = RoutedEmbedder(ProviderKeys(environment=environment), private_hosts=["127.0.0.1:9"])
    with pytest.raises(MemoryFailed, match="could not be asked"):
        await away.embed(MODEL, ["x"])


async def test_gemini_is_asked_at_its_address_for_openai_s_form(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ADDRESSES["gemini"].startswith("https://generativelanguage.googleapis.com/")
    monkeypatch.setitem(ADDRESSES, "gemini", server.base)
    keys = ProviderKeys({"gemini": ProviderKey("AIza-tenant")})
    server.reset()
    made = await RoutedEmbedder(keys, private_hosts=[f"{server.host}:{server.port}"]).embed(
        "gemini/gemini-embedding-001", ["tea", "files/x"]
    )
    [asked] = server.requests
    assert (asked.key, asked.body) == ("AIza-tenant", {"model": "gemini-embedding-001", "input": ["tea", "files/x"]})
    assert made.vectors.shape == (2, 27) and made.usage is not None and made.usage.priced
    with pytest.raises(MemoryFailed, match="is not allowed"):
        await RoutedEmbedder(keys).embed("gemini/gemini-embedding-001", ["tea"])


async def test_a_first_number_that_is_left_out_is_nought(server: ModelServer) -> None:
    server.script(Reply(body={"data": [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 1.0], "index": 1}]}), model="text-embedding-3-small")
    made = await embedder(server).embed(MODEL, ["x", "y"])
    assert made.vectors.tolist() == [[1.0, 0.0], [0.0, 1.0]]


VOYAGE = "voyage/voyage-3.5"


def by_litellm(server: ModelServer, *, private: bool = True) -> RoutedEmbedder:
    """The tenant's own key, at the operator's address."""
    keys = ProviderKeys({"voyage": ProviderKey("pa-tenant-0123456789")}, {"VOYAGE_API_BASE": server.base if private else ""})
    return RoutedEmbedder(keys)


async def test_a_provider_of_litellm_is_asked_with_the_tenants_key(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOYAGE_API_KEY", "pa-of-the-operator")
    server.reset()
    made = await by_litellm(server).embed(VOYAGE, ["green tea", "zzz"])
    [asked] = server.requests
    assert asked.key == "pa-tenant-0123456789" and asked.body == {"model": "voyage-3.5", "input": ["green tea", "zzz"]}
    assert made.vectors.shape == (2, 27) and np.allclose(np.linalg.norm(made.vectors, axis=1), 1) and made.vectors[1][26] > 0.9
    assert made.usage is not None and made.usage.priced


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=401, fault="echo_key"), Reply(status=429), Reply(fault="html")])
async def test_a_provider_of_litellm_that_refuses_is_told_without_its_key(server: ModelServer, reply: Reply) -> None:
    server.reset()
    server.script(reply, model="voyage-3.5")
    with pytest.raises(MemoryFailed) as caught:
        await by_litellm(server).embed(VOYAGE, ["x"])
    assert "pa-tenant" not in str(caught.value) and VOYAGE in str(caught.value) and caught.value.info.cure
    assert len(server.requests) == 1, "LiteLLM does not ask again on its own"


@pytest.mark.parametrize("body", [[], {}, {"data": []}, answer([]), answer(["x"]), answer([0.0]), answer([1.0] * 5000)])
async def test_nonsense_by_litellm_is_told(server: ModelServer, body: Any) -> None:
    server.script(Reply(body=body), model="voyage-3.5")
    with pytest.raises(MemoryFailed, match=r"voyage-3\.5"):
        await by_litellm(server).embed(VOYAGE, ["x"])


async def test_a_tenant_does_not_send_a_provider_of_litellm_elsewhere(server: ModelServer) -> None:
    own = RoutedEmbedder(ProviderKeys({"voyage": ProviderKey("k", server.base)}))
    with pytest.raises(MemoryFailed, match="An address of your own cannot be used"):
        await own.embed(VOYAGE, ["x"])
    server.reset()
    elsewhere = LiteLLMEmbeddings(key="k", base="", hosts=("api.example.invalid",), egress=shared_egress(()))
    with pytest.raises(MemoryFailed, match="is no host of this provider"):
        await elsewhere.embed(VOYAGE, ["x"])
    private = LiteLLMEmbeddings(key="k", base=server.base, hosts=(), egress=shared_egress(()))
    with pytest.raises(MemoryFailed, match="is not allowed"):
        await private.embed(VOYAGE, ["x"])
    assert server.requests == []
