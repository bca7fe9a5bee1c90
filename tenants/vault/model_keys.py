"""The keys that a tenant's model calls are made with."""

from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.providers import ProviderKey
from orchestrator.settings.env import env
from tenants.vault.provider_keys import provider_key, provider_names


def keys_of_tenant() -> ProviderKeys:
    """The keys of the tenant being worked for, before those of the environment."""
    own = {name: ProviderKey(secret=provider_key(name) or "") for name in provider_names()}
    return ProviderKeys(own, env.ENVIRON)
