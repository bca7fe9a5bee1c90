"""Models behind the engine's LanguageModel port: the demo model, OpenAI-compatible endpoints, and LiteLLM for the rest."""
