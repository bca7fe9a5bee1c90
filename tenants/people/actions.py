"""What changes tenants and their members."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tenants.isolation.scope import tenant_scope
from tenants.models import ApiKey, Invitation, Membership, SignInLink, Tenant, User
from tenants.people.access import forget_permissions, outranks, require_here, role_allows, role_of
from tenants.problems import Conflict, Forbidden
from tenants.roles import ROLE_ORDER, MemberRole


@dataclass(frozen=True, slots=True)
class SeededTenants:
    demo: Tenant
    acme: Tenant
    demo_owner: User


def create_tenant(*, slug: str, name: str, owner: User) -> Tenant:
    with transaction.atomic():
        tenant = Tenant.objects.create(slug=slug, name=name)
        with tenant_scope(tenant.id):
            Membership.objects.create(tenant=tenant, user=owner, role=MemberRole.OWNER)
    return tenant


def create_service_users(labels: Sequence[str]) -> list[User]:
    """A user for each label that holds permissions and can never sign in."""
    users = [User(is_service=True, last_name=label[:150]) for label in labels]
    for user in users:
        user.username = f"service-{user.id}"
        user.set_unusable_password()
    return User.objects.bulk_create(users)


def seed_tenants(*, password: str) -> SeededTenants:
    """Two tenants and three people, so that the wall can be seen. Doing it again changes nothing.

    With an empty password the people can come in by a sign-in link only.
    """
    demo_owner, viewer, acme_owner = (_seed_user(name, password) for name in ("demo", "casey", "rival"))
    demo = _seed_tenant("demo", "Demo workspace", {demo_owner: MemberRole.OWNER, viewer: MemberRole.VIEWER})
    acme = _seed_tenant("acme", "Acme", {acme_owner: MemberRole.OWNER})
    return SeededTenants(demo, acme, demo_owner)


def change_role(*, membership: Membership, role: MemberRole, by: User) -> None:
    require_rank(by, MemberRole(membership.role))
    require_rank(by, role)
    with transaction.atomic():
        _keep_an_owner(membership, role)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        _close_invitations(membership, keep=manageable_roles(role))


def remove_member(*, membership: Membership, by: User) -> None:
    """Take a person out, with their keys, links and invitations and every permission they had here."""
    require_rank(by, MemberRole(membership.role))
    with transaction.atomic():
        _keep_an_owner(membership, None)
        ApiKey.objects.filter(user=membership.user_id).delete()
        SignInLink.objects.filter(user=membership.user_id).delete()
        _close_invitations(membership, keep=[])
        forget_permissions(user=membership.user, tenant_id=membership.tenant_id)
        membership.delete()


def manageable_roles(own: MemberRole | None) -> list[MemberRole]:
    """The roles somebody with the role `own` may give and take."""
    if not role_allows(own, "manage"):
        return []
    return [role for role in ROLE_ORDER if own == role or (own and outranks(own, role))]


def require_rank(by: User, role: MemberRole) -> None:
    """Managers handle roles up to their own; only owners handle owners."""
    require_here(by, "manage")
    if role not in manageable_roles(role_of(by)):
        raise Forbidden(f"Your role does not allow you to handle the role {role.label}.")


def _keep_an_owner(membership: Membership, role: MemberRole | None) -> None:
    owners = Membership.objects.select_for_update().filter(role=MemberRole.OWNER)
    if membership.role == MemberRole.OWNER and role != MemberRole.OWNER and [owner.pk for owner in owners] == [membership.pk]:
        raise Conflict("A workspace needs an owner.", cure="Make somebody else an owner first.")


def _close_invitations(membership: Membership, *, keep: list[MemberRole]) -> None:
    """Those that the member made and could not make any more; else they would hold again with a later role."""
    made = Invitation.objects.filter(created_by=membership.user_id, closed_at=None)
    made.exclude(role__in=keep).update(closed_at=timezone.now())


def _seed_user(username: str, password: str) -> User:
    user, created = User.objects.get_or_create(username=username)
    if created or (password and not user.check_password(password)):
        user.set_password(password or None)
        user.save(update_fields=["password"])
    return user


def _seed_tenant(slug: str, name: str, members: dict[User, MemberRole]) -> Tenant:
    tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
    with tenant_scope(tenant.id):
        for user, role in members.items():
            Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
    return tenant
