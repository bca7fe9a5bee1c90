"""API keys: made, found by what a request shows, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from tenants.isolation.scope import system_scope
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.people.access import may_here, role_of
from tenants.people.tokens import digest_of, new_api_key
from tenants.problems import Forbidden, InvalidValue, NotFound, NotSignedIn

M = TypeVar("M", bound=Model)

LAST_USED_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    row: ApiKey
    secret: str


def create_api_key(
    *, tenant: Tenant, user: User, label: str = "", expires_at: datetime | None = None, made_with: ApiKey | None = None
) -> NewApiKey:
    """A key for `user` in the tenant. The secret cannot be read again. One made with a key ends with it at the latest."""
    if role_of(user) is None:
        raise Forbidden(f"{user.username} is not a member of {tenant.name}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidValue("A key cannot end in the past.", cure="Give a later moment, or none.")
    secret, prefix = new_api_key()
    with transaction.atomic():
        if made_with is not None:
            expires_at = _earlier(expires_at, _still_held(made_with).expires_at)
        row = ApiKey.objects.create(
            tenant=tenant,
            user=user,
            label=label.strip()[:80],
            prefix=prefix,
            digest=digest_of(secret),
            expires_at=expires_at,
            made_with=made_with,
        )
    return NewApiKey(row, secret)


def valid_now(field: str = "") -> Q:
    """Keys that were not revoked and have not ended; of rows that have a key in `field`, those whose key is such."""
    return Q(**{f"{field}revoked_at": None}) & (Q(**{f"{field}expires_at": None}) | Q(**{f"{field}expires_at__gt": timezone.now()}))


def api_keys_for(user: User) -> QuerySet[ApiKey]:
    """The keys `user` may see: their own, for managers everybody's; those that still open something."""
    own = Q() if may_here(user, "manage") else Q(user=user)
    return ApiKey.objects.filter(own, valid_now()).select_related("user", "made_with").order_by("-created_at")


def revoke_api_key(*, key_id: UUID, by: User) -> None:
    """With every key that was made with it, and with those."""
    own = Q() if may_here(by, "manage") else Q(user=by)
    with transaction.atomic():
        if not ApiKey.objects.filter(own, pk=key_id, revoked_at=None).update(revoked_at=timezone.now()):
            raise NotFound()
        made: set[UUID] = {key_id}
        while made:
            made = set(ApiKey.objects.filter(made_with__in=made).values_list("pk", flat=True))
            ApiKey.objects.filter(pk__in=made, revoked_at=None).update(revoked_at=timezone.now())


def _still_held(key: ApiKey) -> ApiKey:
    """The key as it stands, kept from being revoked until the transaction ends."""
    row = ApiKey.objects.select_for_update().filter(valid_now(), pk=key.pk).first()
    if row is None:
        raise NotSignedIn()
    return row


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def key_and_membership(secret: str) -> tuple[ApiKey, Membership] | None:
    """A key and the membership it stands for; None for a key that is wrong, revoked, over or without effect."""
    with system_scope():
        for key in ApiKey.objects.raw(
            _VALID, [digest_of(secret), connection.ops.adapt_datetimefield_value(timezone.now())]
        ):  # there is one at most
            now = timezone.now()
            if key.last_used_at is None or now - key.last_used_at > LAST_USED_GRAIN:
                ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
            return key, _membership_of(key)
    return None


_VALID = """
SELECT k.id, k.tenant_id, k.user_id, k.last_used_at, m.id AS membership_id, m.role, t.slug, t.name,
    u.username, u.first_name, u.last_name, u.is_superuser, u.is_staff, u.is_service
FROM tenants_apikey k JOIN tenants_user u ON u.id = k.user_id JOIN tenants_tenant t ON t.id = k.tenant_id
    JOIN tenants_membership m ON m.tenant_id = k.tenant_id AND m.user_id = k.user_id
WHERE k.digest = %s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %s) AND u.is_active
"""
"""Every request with a key asks this. As text, because Django takes ten times as long to write it."""


def _membership_of(key: Any) -> Membership:
    """Of a row of `_VALID`. Columns that it does not have are read when somebody wants them."""
    texts = {name: getattr(key, name) for name in ("username", "first_name", "last_name")}
    marks = {name: bool(getattr(key, name)) for name in ("is_superuser", "is_staff", "is_service")}
    user = _known(User, id=key.user_id, is_active=True, **texts, **marks)
    tenant = _known(Tenant, id=key.tenant_id, slug=key.slug, name=key.name)
    membership_id = Membership._meta.pk.to_python(key.membership_id)
    membership = _known(Membership, id=membership_id, tenant_id=tenant.pk, user_id=user.pk, role=key.role)
    membership.user, membership.tenant = user, tenant
    return membership


def _known(model: type[M], **columns: Any) -> M:
    """A row of which these columns were read. Django takes them in the order of the model."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname in columns]
    return model.from_db(connection.alias, names, [columns[name] for name in names])
