"""API keys: made, found by what a request shows, revoked."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from tenants.isolation.scope import system_scope
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.people.access import may_here, role_of
from tenants.people.tokens import digest_of, new_api_key
from tenants.problems import Forbidden, NotFound

LAST_USED_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    row: ApiKey
    secret: str


def create_api_key(*, tenant: Tenant, user: User, label: str = "") -> NewApiKey:
    """A key for `user` in the tenant. The secret cannot be read again."""
    if role_of(user) is None:
        raise Forbidden(f"{user.username} is not a member of {tenant.name}.")
    secret, prefix = new_api_key()
    row = ApiKey.objects.create(tenant=tenant, user=user, label=label.strip()[:80], prefix=prefix, digest=digest_of(secret))
    return NewApiKey(row, secret)


def api_keys_for(user: User) -> list[ApiKey]:
    """The keys `user` may see: their own, for managers everybody's; those not revoked."""
    own = Q() if may_here(user, "manage") else Q(user=user)
    return list(ApiKey.objects.filter(own, revoked_at=None).select_related("user").order_by("-created_at"))


def revoke_api_key(*, key_id: UUID, by: User) -> None:
    own = Q() if may_here(by, "manage") else Q(user=by)
    if not ApiKey.objects.filter(own, pk=key_id, revoked_at=None).update(revoked_at=timezone.now()):
        raise NotFound()


def key_and_membership(secret: str) -> tuple[ApiKey, Membership] | None:
    """A key and the membership it stands for; None for a key that is wrong, revoked or without effect."""
    with system_scope():
        valid = ApiKey.objects.filter(digest=digest_of(secret), revoked_at=None, user__is_active=True)
        # Every request with a key does this. There is one row at most, and to order it would double the cost.
        for key in valid.only("tenant", "user", "last_used_at"):
            now = timezone.now()
            if key.last_used_at is None or now - key.last_used_at > LAST_USED_GRAIN:
                ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
            for membership in Membership.objects.filter(tenant=key.tenant_id, user=key.user_id).select_related("tenant", "user"):
                return key, membership
    return None
