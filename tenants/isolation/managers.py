"""The only way to rows that belong to a tenant: filtered by scope, or not at all."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import models

from tenants.isolation.scope import ForeignTenant, NoTenant, current_scope

if TYPE_CHECKING:
    from tenants.models import TenantOwned

M = TypeVar("M", bound="TenantOwned")


def check_owner(row: "TenantOwned") -> None:
    """Give a row without a tenant the one of the scope; refuse a row of another tenant."""
    scope = current_scope()
    if scope is None:
        raise NoTenant()
    if isinstance(scope, UUID):
        if row.tenant_id is None:
            row.tenant_id = scope
        if row.tenant_id != scope:
            raise ForeignTenant(f"A {type(row).__name__} of tenant {row.tenant_id} cannot be written in the scope of {scope}")


class TenantQuerySet(models.QuerySet[M]):
    """Rows of tenants; refuses to create rows outside the scope."""

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            check_owner(row)
        return super().bulk_create(rows, *args, **kwargs)


class TenantManager(models.Manager[M]):
    """Raises NoTenant without a scope; in a tenant's scope only that tenant's rows exist."""

    _queryset_class = TenantQuerySet

    def get_queryset(self) -> models.QuerySet[M]:
        scope = current_scope()
        if scope is None:
            raise NoTenant()
        queryset = super().get_queryset()
        return queryset.filter(tenant_id=scope) if isinstance(scope, UUID) else queryset
