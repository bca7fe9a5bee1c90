"""The models a tenant can choose from."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from orchestrator.capabilities.language_models.demo.model import DEMO_LABEL
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.parts.abilities import takes
from orchestrator.capabilities.language_models.pricing import price_of, price_table
from orchestrator.capabilities.language_models.providers import Provider, providers
from orchestrator.engine.document.files.modality import Modality

_MILLION: Final = 1_000_000
_DEMOS: Final = {
    "demo/assistant": f"Assistant ({DEMO_LABEL})",
    "demo/instant": f"Assistant without pauses ({DEMO_LABEL})",
    "demo/slow": f"Assistant that takes its time ({DEMO_LABEL})",
}
_SUGGESTED: Final = ("openai/gpt-5", "openai/gpt-5-mini", "openai/gpt-5-nano", "openai/gpt-4.1-mini")
_PER_PROVIDER: Final = 150


class ModelRow(BaseModel):
    """One entry of the model list. Prices are dollars per million tokens; None when unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    provider: str
    demo: bool
    available: bool
    input_price: float | None
    output_price: float | None
    takes: tuple[Modality, ...] | None
    """Kinds of files; None when that is not known."""


def catalog(keys: ProviderKeys) -> list[ModelRow]:
    """The demo models, then the models of every provider with a key, then a few that only lack one."""
    rows = [
        ModelRow(
            name=name, label=label, provider="demo", demo=True, available=True, input_price=0.0, output_price=0.0, takes=kinds_taken(name)
        )
        for name, label in _DEMOS.items()
    ]
    open_to = {provider.name for provider in providers().values() if keys.of(provider.name) is not None or not _lacks_key(provider)}
    names = _names(open_to)
    rows += [_row(name, available=True) for name in names]
    added = [f"{provider.name}/{model}" for provider in providers().values() for model in provider.models]
    rows += [_row(name, available=name.partition("/")[0] in open_to) for name in dict.fromkeys((*_SUGGESTED, *added)) if name not in names]
    return rows


def kinds_taken(model: str) -> tuple[Modality, ...] | None:
    able = takes(model)
    return None if able is None else tuple(kind for kind in Modality if kind in able)


def _lacks_key(provider: Provider) -> bool:
    """Only a provider of an installed package can answer without any key or address."""
    return provider.adapter is None or provider.needs_key


def _names(open_to: set[str]) -> list[str]:
    found: dict[str, list[str]] = {provider: [] for provider in providers() if provider in open_to}
    for name, entry in price_table().items():
        provider = entry.get("litellm_provider")
        if provider in found and entry.get("mode") == "chat" and not name.startswith("ft:"):
            full = name if name.startswith(f"{provider}/") else f"{provider}/{name}"
            found[provider].append(full)
    return [name for names in found.values() for name in sorted(set(names))[:_PER_PROVIDER]]


def _row(name: str, *, available: bool) -> ModelRow:
    price = price_of(name)
    provider, _, bare = name.partition("/")
    return ModelRow(
        name=name,
        label=bare,
        provider=providers()[provider].label,
        demo=False,
        available=available,
        input_price=price.input * _MILLION / 10**12 if price else None,
        output_price=price.output * _MILLION / 10**12 if price else None,
        takes=kinds_taken(name),
    )
