"""How people become members: somebody invites, and the person accepts, for an account that is theirs.

An invitation knows no account, so making one says nothing about who exists elsewhere. An account that an
invitation makes carries the name of its workspace, so no name made in one can be somebody of another.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import ApiKey, Invitation, Membership, Tenant, User
from tenants.people.access import role_of
from tenants.people.actions import manageable_roles, require_rank
from tenants.people.api_keys import valid_now
from tenants.people.tokens import digest_of, new_token
from tenants.problems import ApiProblem, Conflict, InvalidValue, NotFound
from tenants.roles import MemberRole

LIFETIME = timedelta(days=7)
LONGEST_WHO = 120
MOST_OPEN = 100
"""In one workspace."""
LONGEST_NAME = 60
LONGEST_PASSWORD = 512

_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


class InvitationRefused(ApiProblem):
    """This invitation is not valid (any more)."""

    code = "invitation_refused"
    status = 400
    cure = "Ask for a new one; each works once, for seven days."


@dataclass(frozen=True, slots=True)
class NewInvitation:
    row: Invitation
    token: str


def invite(*, tenant: Tenant, who: str, role: MemberRole, by: User, made_with: ApiKey | None = None) -> NewInvitation:
    """An invitation whose link `by` hands over. Nothing is looked up about `who` but the members, whom `by` can see."""
    require_rank(by, role)
    who = " ".join(who.split())
    if not who or len(who) > LONGEST_WHO or not who.isprintable():
        raise InvalidValue(f"Whom you invite needs a name of at most {LONGEST_WHO} characters.", cure="Write a name or an address.")
    if Membership.objects.filter(user__username=who).exists():
        raise Conflict(f"{who} is a member already.", cure="Change the role in the list instead.")
    token, now = new_token(), timezone.now()
    try:
        with transaction.atomic():
            Invitation.objects.filter(who=who, closed_at=None).exclude(pk__in=open_invitations().values("pk")).update(closed_at=now)
            if open_invitations().count() >= MOST_OPEN:
                raise Conflict(f"{MOST_OPEN} invitations are open.", cure="Take some back first.")
            row = Invitation.objects.create(
                tenant=tenant, who=who, role=role, digest=digest_of(token), created_by=by, made_with=made_with, expires_at=now + LIFETIME
            )
    except IntegrityError as error:
        raise Conflict(f"{who} is invited already.", cure="Take that invitation back first; its link cannot be shown again.") from error
    return NewInvitation(row, token)


def open_invitations() -> QuerySet[Invitation]:
    """Those of the tenant that can still be accepted."""
    held = Q(made_with=None) | valid_now("made_with__")
    return Invitation.objects.filter(held, closed_at=None, expires_at__gt=timezone.now()).select_related("created_by")


def take_back(*, invitation_id: UUID, by: User) -> None:
    """An accepted one is no invitation any more: the member is removed instead."""
    row = open_invitations().filter(pk=invitation_id).first()
    if row is None:
        raise NotFound()
    require_rank(by, MemberRole(row.role))
    if not Invitation.objects.filter(pk=row.pk, closed_at=None).update(closed_at=timezone.now()):
        raise NotFound()


def usable_invitation(token: str) -> Invitation:
    """The invitation, if it can be accepted now: who made it must still be allowed to."""
    with system_scope():
        row = open_invitations().filter(digest=digest_of(token)).select_related("tenant", "created_by").first()
    if row is None:
        raise InvitationRefused()
    with tenant_scope(row.tenant_id):
        if row.role not in manageable_roles(role_of(row.created_by)):
            raise InvitationRefused()
    return row


def accept(*, token: str, user: User) -> Membership:
    """Make `user` a member. Of two who accept at the same moment one wins."""
    row = usable_invitation(token)
    with tenant_scope(row.tenant_id), transaction.atomic():
        # Of its own columns only: what comes from other tables is not looked at again by a database that waited for the row.
        if not Invitation.objects.filter(pk=row.pk, closed_at=None).update(closed_at=timezone.now(), accepted_by=user):
            raise InvitationRefused()
        membership, made = Membership.objects.get_or_create(tenant=row.tenant, user=user, defaults={"role": row.role})
        if not made:
            raise Conflict(f"You are a member of {row.tenant.name} already.", cure="Leave the invitation to the person it is for.")
    return membership


def accept_as_new_person(*, token: str, name: str, password: str) -> Membership:
    """Make an account that is called `name@workspace`, and make it a member."""
    row = usable_invitation(token)
    with transaction.atomic():
        user = _create_person(name.strip().lower(), row.tenant, password)
        return accept(token=token, user=user)


def _create_person(name: str, tenant: Tenant, password: str) -> User:
    if not _NAME.fullmatch(name):
        cure = "Use letters from a to z, digits, dots, dashes and underscores, and begin with a letter or a digit."
        raise InvalidValue(f"{name[:LONGEST_NAME]!r} cannot be used as a name.", cure=cure)
    user = User(username=f"{name}@{tenant.slug}")
    if len(password) > LONGEST_PASSWORD:
        raise InvalidValue(f"A password has at most {LONGEST_PASSWORD} characters.", cure="Choose a shorter one.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages), cure="Choose another password.") from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise Conflict(f"{user.username} is taken.", cure="Choose another name, or sign in if it is yours.") from error
    return user
