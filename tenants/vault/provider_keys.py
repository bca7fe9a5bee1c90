"""Keys of model providers and secrets of tools, written but never read back by people."""

import re

from django.db import transaction

from orchestrator.capabilities.language_models.providers import providers
from orchestrator.capabilities.tools.secrets import SECRETS
from tenants.isolation.scope import current_tenant_id
from tenants.models import ProviderKey, Tenant, User
from tenants.people.access import require_here
from tenants.problems import InvalidValue, NotFound
from tenants.vault.redaction import remember_secret
from tenants.vault.secrets import decrypt, encrypt, mask_of

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST = 4096
VALUE = re.compile(r"[!-~]+")
"""Goes into a header."""


def save_provider_key(*, tenant: Tenant, name: str, value: str, by: User) -> ProviderKey:
    """Store a key under the provider's name, in place of the former one."""
    require_here(by, "manage")
    if not NAME.fullmatch(name):
        raise InvalidValue(f"{name[:60]!r} is not a provider's name.", cure="Use LiteLLM's name, such as openai or anthropic.")
    if name not in providers() and name not in SECRETS:
        known = f"{', '.join(sorted(providers()))}; for tools {', '.join(SECRETS)}"
        raise InvalidValue(f"{name!r} is no provider that can be asked.", cure=f"Use one of {known}.")
    value = value.strip()
    if len(value) > LONGEST or not VALUE.fullmatch(value):
        raise InvalidValue("This is not a key.", cure="Paste the whole key as the provider shows it.")
    remember_secret(value)
    with transaction.atomic():
        row, _ = ProviderKey.objects.update_or_create(
            name=name,
            defaults={"tenant": tenant, "ciphertext": encrypt(tenant.id, name, value), "mask": mask_of(value), "updated_by": by},
        )
    return row


def delete_provider_key(*, name: str, by: User) -> None:
    require_here(by, "manage")
    deleted, _ = ProviderKey.objects.filter(name=name).delete()
    if not deleted:
        raise NotFound()


def provider_key(name: str) -> str | None:
    """The key of the tenant being worked for, for whoever calls the provider; None without one."""
    row = ProviderKey.objects.filter(name=name).first()
    return decrypt(current_tenant_id(), name, row.ciphertext) if row else None


def provider_names() -> frozenset[str]:
    """The model providers the tenant has a key for."""
    return frozenset(ProviderKey.objects.exclude(name__in=list(SECRETS)).values_list("name", flat=True))
