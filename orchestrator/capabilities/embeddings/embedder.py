"""Which way a text becomes a vector, by the name of the model."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import numpy as np

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.embeddings import local
from orchestrator.capabilities.embeddings.litellm_embeddings import LiteLLMEmbeddings
from orchestrator.capabilities.embeddings.openai_embeddings import OpenAIEmbeddings
from orchestrator.capabilities.embeddings.reading import Vectors
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.pricing import price_of, price_table
from orchestrator.capabilities.language_models.providers import Provider, ProviderKey, providers
from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import MemoryFailed

ADDRESSES: Final = {"gemini": "https://generativelanguage.googleapis.com/v1beta/openai"}
"""Of providers whose models are asked in words of their own, though their vectors can be asked for in OpenAI's.

LiteLLM asks Gemini for vectors by a client that cannot be replaced: such requests would pass no rule of ours.
"""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A row of length 1 for each text (all zeros for a text without words), and what it cost; None where nobody was asked."""

    vectors: Vectors
    usage: Usage | None


class Embedder(Protocol):
    async def embed(self, model: str, texts: list[str]) -> Embedded:
        """Raises MemoryFailed."""
        ...


class RoutedEmbedder:
    """`local/...` is computed here, `provider/model` asked for with the tenant's key."""

    def __init__(self, keys: ProviderKeys, *, private_hosts: Iterable[str] = ()) -> None:
        self._keys = keys
        self._private_hosts = frozenset(private_hosts)

    async def embed(self, model: str, texts: list[str]) -> Embedded:
        if model == LOCAL_EMBEDDING:
            return Embedded(np.array([local.embed(text) for text in texts], dtype=np.float32), None)
        vectors, tokens = await self._endpoint(model).embed(model, texts)
        price = price_of(model)
        cost = price.cost_nano_usd(tokens, 0, 0) if price else 0
        return Embedded(vectors, Usage(input_tokens=tokens, cost_nano_usd=cost, priced=price is not None).bounded())

    def _endpoint(self, model: str) -> OpenAIEmbeddings | LiteLLMEmbeddings:
        provider, _, name = model.partition("/")
        known = providers().get(provider)
        if known is None or not name or not _embeds(known):
            offered = ", ".join(sorted(one.name for one in providers().values() if _embeds(one)))
            cure = f"Use {LOCAL_EMBEDDING}, or the model of one of: {offered}."
            raise MemoryFailed(f"There is no embedding model {model[:200]!r}", cure=cure)
        key = self._keys.of(provider)
        if (key is None and known.needs_key) or (key is not None and not (key.secret or key.base)):
            raise MemoryFailed(f"{model} needs a key for {known.label}", cure="Add one under Settings, Providers.")
        key = key or ProviderKey()
        if not known.speaks_openai and key.base and not key.operator:
            cure = "Give the address to the provider openai and name the model openai/...; the endpoint must be OpenAI-compatible."
            raise MemoryFailed(f"An address of your own cannot be used with {known.label}", cure=cure)
        if not known.speaks_openai and provider not in ADDRESSES:
            return LiteLLMEmbeddings(key=key.secret, base=key.base, hosts=known.hosts, egress=self._egress(key))
        base = ADDRESSES.get(provider) or key.base or known.wire_base
        if key.base and known.base_path and not key.base.rstrip("/").endswith(known.base_path):
            base = key.base.rstrip("/") + known.base_path
        if not base:
            raise MemoryFailed(f"{known.label} has no address", cure=f"Set {known.base_variable}.")
        return OpenAIEmbeddings(base=base, key=key.secret, egress=self._egress(key))

    def _egress(self, key: ProviderKey) -> Egress:
        """An operator's address may be private; a tenant's must pass the same rules as any other."""
        if not key.operator or not key.base:
            return shared_egress(self._private_hosts)
        parts = urlsplit(key.base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return shared_egress({*self._private_hosts, f"{parts.hostname}:{port}"})


def _embeds(provider: Provider) -> bool:
    """Whether it can be asked for vectors; LiteLLM's table knows of those that it asks."""
    if provider.adapter is not None:
        return False
    if provider.speaks_openai or provider.name in ADDRESSES:
        return True
    return any(entry.get("mode") == "embedding" and entry.get("litellm_provider") == provider.name for entry in price_table().values())


WITHOUT_KEYS: Final[Embedder] = RoutedEmbedder(ProviderKeys())
"""What needs no provider."""
