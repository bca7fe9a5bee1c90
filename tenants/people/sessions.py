"""In which tenants a browser's session gives rights, and in which of them it works.

A session that began with a password gives what its person has. One that began with a link gives rights in the
link's tenant only, and in those whose invitation was accepted in it.
"""

from collections.abc import MutableMapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from tenants.isolation.scope import system_scope
from tenants.models import Membership, User

CHOSEN = "tenant"
LIMITED_TO = "limited_to"

Session = MutableMapping[str, Any]


def session_memberships(user: User | AnonymousUser, session: Session) -> list[Membership]:
    """The memberships of `user` that the session gives; first the one it works under."""
    if not isinstance(user, User):
        return []
    with system_scope():
        rows = list(Membership.objects.filter(user=user).select_related("tenant", "user").order_by("created_at", "tenant__slug"))
    limits = session.get(LIMITED_TO)
    given = [row for row in rows if limits is None or str(row.tenant_id) in limits]
    return sorted(given, key=lambda row: str(row.tenant_id) != session.get(CHOSEN))


def choose_tenant(session: Session, tenant_id: UUID) -> None:
    session[CHOSEN] = str(tenant_id)


def limit_to(session: Session, tenant_id: UUID) -> None:
    """For a session that begins with a link."""
    session[LIMITED_TO] = [str(tenant_id)]
    choose_tenant(session, tenant_id)


def admit(session: Session, tenant_id: UUID) -> None:
    """The person of the session has accepted an invitation of this tenant in it."""
    if LIMITED_TO in session:
        session[LIMITED_TO] = [*session[LIMITED_TO], str(tenant_id)]
    choose_tenant(session, tenant_id)
