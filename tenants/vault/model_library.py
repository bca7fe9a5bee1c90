"""Loads the library that asks some providers before a run needs it: that takes a worker about ten seconds, once."""

import threading

import structlog
from django.db import DatabaseError, InterfaceError, connection

from orchestrator.capabilities.language_models.litellm_model import litellm
from orchestrator.capabilities.language_models.providers import providers
from orchestrator.settings.env import LEND_KEYS, env
from tenants.isolation.scope import system_scope
from tenants.models import ProviderKey

log = structlog.get_logger(__name__)


def load_in_background() -> None:
    threading.Thread(target=_load, name="model-library", daemon=True).start()


def is_needed() -> bool:
    """Whether a key leads to it: of any tenant, or of the environment where that is lent."""
    asked = [provider for provider in providers().values() if provider.by_library]
    if LEND_KEYS and any(env.ENVIRON.get(provider.key_variable) for provider in asked):
        return True
    with system_scope():
        return ProviderKey.objects.filter(name__in=[provider.name for provider in asked]).exists()


def _load() -> None:
    try:
        needed = is_needed()
    except (DatabaseError, InterfaceError) as error:
        log.warning("model_library_not_loaded", error=str(error))  # the first call loads it
        return
    finally:
        connection.close()
    if needed:
        litellm()
