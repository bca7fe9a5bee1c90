"""The keys that a tenant's model calls are made with."""

from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.providers import ProviderKey
from orchestrator.settings.env import LEND_KEYS, env
from tenants.isolation.scope import current_tenant_id
from tenants.models import Tenant
from tenants.vault.provider_keys import provider_key, provider_names

EVERYBODY = "*"


def keys_of_tenant() -> ProviderKeys:
    """The keys of the tenant being worked for, before those of the environment, where the operator lends them."""
    own = {name: ProviderKey(secret=provider_key(name) or "") for name in provider_names()}
    return ProviderKeys(own, env.ENVIRON, lent=_is_lent_to_current())


def _is_lent_to_current() -> bool:
    if EVERYBODY in LEND_KEYS or not LEND_KEYS:
        return bool(LEND_KEYS)
    return Tenant.objects.filter(pk=current_tenant_id(), slug__in=LEND_KEYS).exists()
