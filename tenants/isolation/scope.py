"""Which tenant the code that is running works for.

A context variable: every thread, task and request has its own, and it is given back
when the block ends, however it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Final
from uuid import UUID


class System(Enum):
    """The platform itself: sees the rows of every tenant."""

    SYSTEM = "system"


SYSTEM: Final = System.SYSTEM

Scope = UUID | System | None

_scope: ContextVar[Scope] = ContextVar("baton_tenant_scope", default=None)


class NoTenant(RuntimeError):
    """Rows of a tenant were asked for outside any tenant's scope."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or f"{(type(self).__doc__ or '').strip()} Enter `tenant_scope(tenant_id)` first.")


class ForeignTenant(RuntimeError):
    """A row of one tenant was about to be written in the scope of another."""


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    """Work in `scope`; None shuts every tenant's rows."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """Work for one tenant: its rows and no others."""
    if not isinstance(tenant_id, UUID):
        raise TypeError(f"tenant_scope expects a UUID, got {tenant_id!r}")
    with entered(tenant_id):
        yield


@contextmanager
def system_scope() -> Iterator[None]:
    """Work for the platform: sign-in, sweeps and seeding, which look across tenants."""
    with entered(SYSTEM):
        yield


def current_scope() -> Scope:
    """The scope as it stands, None when there is none."""
    return _scope.get()


def current_tenant_id() -> UUID:
    """The tenant being worked for. Raises NoTenant in no scope and in the system's."""
    scope = _scope.get()
    if not isinstance(scope, UUID):
        raise NoTenant()
    return scope
