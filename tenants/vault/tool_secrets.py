"""What a tenant stored for its tools: handed to those that need it, and hidden from all that is shown."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from orchestrator.capabilities.tools.secrets import SECRETS
from tenants.isolation.scope import current_tenant_id
from tenants.models import ProviderKey
from tenants.vault.secrets import decrypt


def tool_secrets() -> dict[str, str]:
    """Those of the tenant being worked for, by name."""
    rows = ProviderKey.objects.filter(name__in=list(SECRETS))
    return {row.name: decrypt(current_tenant_id(), row.name, row.ciphertext) for row in rows}


def hidden_in(secrets: Mapping[str, str]) -> list[str]:
    """What no result and no error may show: each secret, and the password in one that is an address."""
    return [part for secret in secrets.values() for part in (secret, *_passwords(secret))]


def _passwords(secret: str) -> list[str]:
    try:
        password = urlsplit(secret).password
    except ValueError:
        return []
    return [password, unquote(password)] if password else []
