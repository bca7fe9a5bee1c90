"""Which adapter answers for which model."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.failures import no_key, unknown, unlisted
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.litellm_model import LiteLLMModel
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.capabilities.language_models.pricing import price_table
from orchestrator.capabilities.language_models.providers import DEMO, ProviderKey, providers
from orchestrator.capabilities.language_models.redacted_model import RedactedModel
from orchestrator.capabilities.language_models.retries import Backoff, RetryingModel
from orchestrator.capabilities.redaction import redactor_of
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext, LanguageModel


class RoutedModel:
    """`demo/...` computes, OpenAI-compatible endpoints get the lean adapter, LiteLLM does the rest."""

    def __init__(self, keys: ProviderKeys, *, private_hosts: Iterable[str], stream: bool) -> None:
        self._keys = keys
        self._private_hosts = frozenset(private_hosts)
        self._stream = stream
        self._demo = DemoModel()

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        provider, name = provider_and_name(request.model)
        if provider == DEMO:
            return await self._demo.complete(request, call)
        adapter = self.adapter(request.model, provider)
        return await adapter.complete(request.model_copy(update={"model": f"{provider}/{name}"}), call)

    def adapter(self, model: str, provider: str) -> LanguageModel:
        """The adapter with the key and address that apply."""
        known = providers().get(provider)
        if known is None:
            raise unlisted(model, provider)
        key = self._keys.of(provider)
        if known.adapter is not None and not known.needs_key:
            key = key or ProviderKey()
        elif key is None or not (key.secret or key.base):
            raise no_key(model, known.label, known.key_variable)
        if known.adapter is not None:
            return known.adapter(key)
        if known.speaks_openai:
            base = key.base or known.wire_base
            base = base if not key.base or base.rstrip("/").endswith(known.base_path) else base.rstrip("/") + known.base_path
            if not base:
                raise no_key(model, known.label, known.base_variable)
            return OpenAIWire(base=base, key=key.secret, egress=self._egress(key), stream=self._stream)
        if key.base and not key.operator:
            raise ModelError(
                f"An address of your own cannot be used with {known.label}",
                code=ErrorCode.MODEL_BAD_REQUEST,
                cure="Give the address to the provider openai and name the model openai/...; the endpoint must be OpenAI-compatible.",
            )
        return LiteLLMModel(key=key.secret, base=key.base, hosts=known.hosts, egress=self._egress(key), stream=self._stream)

    def _egress(self, key: ProviderKey) -> Egress:
        """An operator's address may be private; a tenant's must pass the same rules as any other."""
        if not key.operator or not key.base:
            return shared_egress(self._private_hosts)
        parts = urlsplit(key.base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return shared_egress({*self._private_hosts, f"{parts.hostname}:{port}"})


def provider_and_name(model: str) -> tuple[str, str]:
    """`openai`, `gpt-5-mini` of either `openai/gpt-5-mini` or the bare name."""
    if "://" in model:
        raise unknown(model)  # some providers of LiteLLM would take it for an address
    provider, slash, name = model.strip().partition("/")
    if slash and provider and name:
        return provider, name
    entry = price_table().get(model)
    if slash or entry is None or entry.get("mode") not in ("chat", "responses"):
        raise unknown(model)
    return str(entry["litellm_provider"]), model


def language_model(
    *, keys: ProviderKeys, private_hosts: Iterable[str] = (), stream: bool = True, backoff: Backoff | None = None
) -> LanguageModel:
    """Every model there is, with the keys of one tenant. Cheap to make: connections are shared."""
    asked = RetryingModel(RoutedModel(keys, private_hosts=private_hosts, stream=stream), backoff)
    return RedactedModel(asked, redactor_of(keys.secrets()))
