"""Who may do what: roles first, then permissions on single objects, always inside one tenant."""

from typing import TypeVar
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q
from guardian.models import UserObjectPermissionBase
from guardian.shortcuts import assign_perm, get_objects_for_user, get_user_perms, remove_perm

from tenants.isolation.scope import current_scope, current_tenant_id
from tenants.models import Membership, TenantOwned, User
from tenants.problems import Forbidden, NotFound
from tenants.roles import ROLE_ACTIONS, ROLE_ORDER, Action, MemberRole

_READ_ROLE = "_role_read_with_membership"

Q_ = TypeVar("Q_", bound="models.QuerySet[models.Model]")


def remember_role(membership: Membership) -> None:
    """For the length of a request: its user's role was read with their membership and need not be read again."""
    setattr(membership.user, _READ_ROLE, (membership.tenant_id, MemberRole(membership.role)))


def role_of(user: User) -> MemberRole | None:
    """The role of `user` in the tenant being worked for; None for strangers and the deactivated."""
    if not user.is_active:
        return None
    read: tuple[UUID, MemberRole] | None = getattr(user, _READ_ROLE, None)
    if read is not None and read[0] == current_scope():
        return read[1]
    role = Membership.objects.filter(user=user).values_list("role", flat=True).first()
    return MemberRole(role) if role else None


def role_allows(role: MemberRole | None, action: Action) -> bool:
    return role is not None and action in ROLE_ACTIONS[role]


def may_here(user: User, action: Action) -> bool:
    """Whether the role of `user` allows `action` in the whole tenant."""
    return role_allows(role_of(user), action)


def may(user: User, action: Action, target: TenantOwned) -> bool:
    """Whether `user` may do `action` with `target`, by role or by a permission on it."""
    if target.tenant_id != current_tenant_id():
        return False
    role = role_of(user)
    if role is None:
        return False
    guard = target.guarding()
    if role_allows(role, "manage") or (role_allows(role, action) and not guard.is_restricted()):
        return True
    return user.has_perm(_codename(action, type(guard)), guard)


def require(user: User, action: Action, target: TenantOwned) -> None:
    """Raise NotFound when `target` may not even be seen, Forbidden when `action` is not allowed."""
    if not may(user, action, target):
        raise Forbidden() if action != "view" and may(user, "view", target) else NotFound()


def require_here(user: User, action: Action) -> None:
    if not may_here(user, action):
        raise Forbidden()


def outranks(actor: MemberRole, other: MemberRole) -> bool:
    return ROLE_ORDER.index(actor) > ROLE_ORDER.index(other)


def sees_all(user: User) -> bool:
    """Whether no restriction hides anything of the tenant from `user`."""
    return role_allows(role_of(user), "manage")


def visible_to(user: User, rows: Q_, action: Action = "view") -> Q_:
    """The rows of a scoped queryset with which `user` may do `action`: one condition, no query per row."""
    role = role_of(user)
    if role is None:
        return rows.none()
    if role_allows(role, "manage") or (role_allows(role, action) and not _has_restriction(rows.model)):
        return rows
    open_rows = Q(restricted=False) if role_allows(role, action) else Q(pk__in=[])
    granted = get_objects_for_user(user, _codename(action, rows.model), rows.model, accept_global_perms=False, with_superuser=False)
    return rows.filter(open_rows | Q(pk__in=granted.values("pk")))


def share(*, target: TenantOwned, user: User, actions: frozenset[Action], by: User) -> None:
    """Give `user` exactly `actions` on `target`, beyond what their role gives; they see it if any."""
    require(by, "manage", target)
    if role_of(user) is None:
        raise NotFound()
    for action in ("view", "run", "answer", "cancel", "edit", "publish"):
        change = assign_perm if action in actions or (action == "view" and actions) else remove_perm
        change(_codename(action, type(target)), user, target)


def actions_on(user: User, target: TenantOwned) -> frozenset[str]:
    """What `user` was permitted on `target`, beyond their role."""
    return frozenset(name.removesuffix(f"_{target._meta.model_name}") for name in get_user_perms(user, target))


def forget_permissions(*, user: User, tenant_id: UUID) -> None:
    """Take away every permission of `user` on single objects of one tenant."""
    for model in apps.get_models():
        if issubclass(model, UserObjectPermissionBase) and hasattr(model, "content_object_id"):
            model._default_manager.filter(user=user, content_object__tenant=tenant_id).delete()


def _codename(action: str, model: type[models.Model]) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def _has_restriction(model: type[models.Model]) -> bool:
    return any(field.name == "restricted" for field in model._meta.get_fields())
