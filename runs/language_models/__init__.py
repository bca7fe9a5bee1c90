"""Models behind the engine's LanguageModel port: the demo model, OpenAI-compatible endpoints, and LiteLLM for the rest."""

from runs.language_models.catalog import ModelRow, catalog
from runs.language_models.keys import ProviderKey, ProviderKeys
from runs.language_models.retries import RESTART, Backoff
from runs.language_models.router import language_model

__all__ = ["RESTART", "Backoff", "ModelRow", "ProviderKey", "ProviderKeys", "catalog", "language_model"]
