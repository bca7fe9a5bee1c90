"""The providers that can be asked, and those of installed packages: each with the address to which alone its calls go.

LiteLLM knows more. Some of those look for keys where the operator has them, or call ports of this machine
when nobody named an address, so none is asked that does not stand here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

from orchestrator.engine.plugins import MODELS, BadPlugin, load_plugins
from orchestrator.engine.ports import LanguageModel

DEMO = "demo"


@dataclass(frozen=True)
class ProviderKey:
    """`base` is empty for the provider's own address. `operator`: set in the environment, so trusted as an address."""

    secret: str = field(default="", repr=False)
    base: str = ""
    operator: bool = False


@dataclass(frozen=True)
class Provider:
    """`wire_base` is where it speaks the OpenAI wire protocol; empty when the base must be configured."""

    name: str
    label: str
    key_variable: str
    base_variable: str = ""
    speaks_openai: bool = False
    wire_base: str = ""
    base_path: str = ""
    """What is added to the address that an operator names, when it does not end so."""
    hosts: tuple[str, ...] = ()
    """Of a provider that LiteLLM serves: where its calls may go when no address is named."""
    needs_key: bool = True
    """Without one there is nothing to ask; false for servers that people run themselves."""
    adapter: Callable[[ProviderKey], LanguageModel] | None = None
    """Makes the model that answers, for a provider of an installed package. It is asked for `name/<model>`."""
    models: tuple[str, ...] = ()
    """Of such a provider: what it suggests, without its name."""

    @property
    def by_library(self) -> bool:
        """Whether LiteLLM asks it."""
        return self.adapter is None and not self.speaks_openai


_KNOWN = {
    provider.name: provider
    for provider in (
        Provider("openai", "OpenAI or compatible", "OPENAI_API_KEY", "OPENAI_API_BASE", True, "https://api.openai.com/v1"),
        Provider("hosted_vllm", "vLLM", "HOSTED_VLLM_API_KEY", "HOSTED_VLLM_API_BASE", True, needs_key=False),
        Provider("lm_studio", "LM Studio", "LM_STUDIO_API_KEY", "LM_STUDIO_API_BASE", True, needs_key=False),
        Provider("ollama", "Ollama", "OLLAMA_API_KEY", "OLLAMA_API_BASE", True, base_path="/v1", needs_key=False),
        Provider("ollama_chat", "Ollama", "OLLAMA_API_KEY", "OLLAMA_API_BASE", True, base_path="/v1", needs_key=False),
        Provider("anthropic", "Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_API_BASE", hosts=("api.anthropic.com",)),
        Provider("gemini", "Google Gemini", "GEMINI_API_KEY", hosts=("generativelanguage.googleapis.com",)),
        Provider("cohere", "Cohere", "COHERE_API_KEY", "COHERE_API_BASE", True, "https://api.cohere.ai/compatibility/v1"),
        Provider("voyage", "Voyage AI", "VOYAGE_API_KEY", "VOYAGE_API_BASE", hosts=("api.voyageai.com",)),
        Provider("azure", "Azure OpenAI", "AZURE_API_KEY", "AZURE_API_BASE", True, base_path="/openai/v1"),
        Provider("mistral", "Mistral", "MISTRAL_API_KEY", "MISTRAL_API_BASE", True, "https://api.mistral.ai/v1"),
        Provider("groq", "Groq", "GROQ_API_KEY", "GROQ_API_BASE", True, "https://api.groq.com/openai/v1"),
        Provider("deepseek", "DeepSeek", "DEEPSEEK_API_KEY", "DEEPSEEK_API_BASE", True, "https://api.deepseek.com/v1"),
        Provider("xai", "xAI", "XAI_API_KEY", "XAI_API_BASE", True, "https://api.x.ai/v1"),
        Provider("openrouter", "OpenRouter", "OPENROUTER_API_KEY", "OPENROUTER_API_BASE", True, "https://openrouter.ai/api/v1"),
        Provider("together_ai", "Together AI", "TOGETHERAI_API_KEY", "", True, "https://api.together.xyz/v1"),
        Provider("fireworks_ai", "Fireworks AI", "FIREWORKS_AI_API_KEY", "", True, "https://api.fireworks.ai/inference/v1"),
        Provider("perplexity", "Perplexity", "PERPLEXITYAI_API_KEY", "", True, "https://api.perplexity.ai"),
        Provider("huggingface", "Hugging Face", "HUGGINGFACE_API_KEY", "", True, "https://router.huggingface.co/v1"),
    )
}


@lru_cache(maxsize=1)
def providers() -> dict[str, Provider]:
    """Every provider that is known by name."""
    found = dict(_KNOWN)
    load_plugins(MODELS, partial(_add, found))
    return found


def _add(found: dict[str, Provider], provider: object) -> None:
    if not isinstance(provider, Provider) or provider.adapter is None:
        raise BadPlugin(f"Got {type(provider).__name__}, expected a Provider with an adapter")
    if provider.name in found or provider.name == DEMO:
        raise BadPlugin(f"Two providers are called {provider.name!r}")
    if not provider.name or "/" in provider.name or not provider.label or not provider.key_variable:
        raise BadPlugin(f"Provider {provider.name!r} needs a name without a slash, a label and a variable for its key")
    found[provider.name] = provider
