"""The providers Baton knows by name; LiteLLM knows more, which work once they have a key."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """`wire_base` is where it speaks the OpenAI wire protocol; empty when the base must be configured."""

    name: str
    label: str
    key_variable: str
    base_variable: str = ""
    speaks_openai: bool = False
    wire_base: str = ""
    needs_key: bool = True
    """Without one there is nothing to ask; false for servers that people run themselves."""


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider("openai", "OpenAI or compatible", "OPENAI_API_KEY", "OPENAI_API_BASE", True, "https://api.openai.com/v1"),
        Provider("hosted_vllm", "vLLM", "HOSTED_VLLM_API_KEY", "HOSTED_VLLM_API_BASE", True, needs_key=False),
        Provider("lm_studio", "LM Studio", "LM_STUDIO_API_KEY", "LM_STUDIO_API_BASE", True, needs_key=False),
        Provider("ollama", "Ollama", "OLLAMA_API_KEY", "OLLAMA_API_BASE", needs_key=False),
        Provider("ollama_chat", "Ollama", "OLLAMA_API_KEY", "OLLAMA_API_BASE", needs_key=False),
        Provider("anthropic", "Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_API_BASE"),
        Provider("gemini", "Google Gemini", "GEMINI_API_KEY"),
        Provider("azure", "Azure OpenAI", "AZURE_API_KEY", "AZURE_API_BASE"),
        Provider("mistral", "Mistral", "MISTRAL_API_KEY", "MISTRAL_API_BASE"),
        Provider("groq", "Groq", "GROQ_API_KEY", "GROQ_API_BASE"),
        Provider("deepseek", "DeepSeek", "DEEPSEEK_API_KEY", "DEEPSEEK_API_BASE"),
        Provider("xai", "xAI", "XAI_API_KEY", "XAI_API_BASE"),
        Provider("cohere", "Cohere", "COHERE_API_KEY", "COHERE_API_BASE"),
        Provider("openrouter", "OpenRouter", "OPENROUTER_API_KEY", "OPENROUTER_API_BASE"),
        Provider("together_ai", "Together AI", "TOGETHERAI_API_KEY"),
        Provider("fireworks_ai", "Fireworks AI", "FIREWORKS_AI_API_KEY"),
        Provider("perplexity", "Perplexity", "PERPLEXITYAI_API_KEY"),
        Provider("huggingface", "Hugging Face", "HUGGINGFACE_API_KEY"),
    )
}


def provider_named(name: str) -> Provider:
    """The provider, or one with the variable names LiteLLM's naming rule gives it."""
    return PROVIDERS.get(name) or Provider(name, name, f"{name.upper()}_API_KEY", f"{name.upper()}_API_BASE")
