"""Whose key a model call uses, and where it may be sent."""

from collections.abc import Mapping

from orchestrator.capabilities.language_models.providers import ProviderKey, providers


class ProviderKeys:
    """The keys of one tenant, and those of the environment behind them.

    A key of the environment never goes to an address that a tenant gave, and an address of
    the environment is used with the tenant's key only when the tenant named no address. Whatever
    else the environment sets up is for the tenant only when it is `lent`.
    """

    def __init__(
        self, tenant: Mapping[str, ProviderKey] | None = None, environment: Mapping[str, str] | None = None, *, lent: bool = True
    ) -> None:
        self._lent = lent
        self._tenant = dict(tenant or {})
        self._environment = dict(environment or {})

    def of(self, provider: str) -> ProviderKey | None:
        """What to use for a provider; None when nothing is set up for it."""
        known = providers().get(provider)
        if known is None:
            return None
        base = self._environment.get(known.base_variable, "") if known.base_variable else ""
        own = self._tenant.get(provider)
        if own is not None:
            return own if own.base or not base else ProviderKey(own.secret, base, operator=True)
        if not self._lent:
            return None
        secret = self._environment.get(known.key_variable, "")
        return ProviderKey(secret, base, operator=True) if secret or base else None

    def secrets(self) -> tuple[str, ...]:
        """Every key that calls are made with, which must never be shown."""
        found = {key.secret for key in self._tenant.values()}
        if self._lent:
            found |= {self._environment.get(provider.key_variable, "") for provider in providers().values()}
        return tuple(sorted((value for value in found if value), key=len, reverse=True))

    def __repr__(self) -> str:
        return f"ProviderKeys({sorted(self._tenant)})"
