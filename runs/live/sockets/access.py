"""Who is behind a websocket, by session or by key, asked again every few seconds while it is open."""

from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user

from runs.models import Run
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import Membership, User
from tenants.people.access import may, may_here
from tenants.people.api_keys import key_and_membership
from tenants.people.sessions import session_memberships


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a handshake shows. A key counts alone, as it does over REST."""

    key: str | None
    session_key: str | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person, the tenant their session or their key works for, and all in which it gives rights."""

    user: User
    tenant_id: UUID
    tenants: frozenset[UUID]


def visitor(shown: Credentials) -> Visitor | None:
    """None when the session has ended, the password has changed, the key does not hold (any more), or the person is in no tenant."""
    given = _of_session(shown.session_key) if shown.key is None else _of_key(shown.key)
    return Visitor(given[0].user, given[0].tenant_id, frozenset(each.tenant_id for each in given)) if given else None


def _of_session(session_key: str | None) -> list[Membership]:
    if session_key is None:
        return []
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return session_memberships(user, session) if isinstance(user, User) and user.is_active else []


def _of_key(secret: str) -> list[Membership]:
    found = key_and_membership(secret)
    return [found[1]] if found else []


def visible_run(who: Visitor, run_id: UUID) -> Run | None:
    """The run, when the visitor may look at it, whichever of the session's tenants it is in."""
    with system_scope():
        run = Run.objects.select_related("graph").only("tenant", "last_seq", "status", "graph").filter(pk=run_id).first()
    if run is None or run.tenant_id not in who.tenants:
        return None
    with tenant_scope(run.tenant_id):
        return run if may(who.user, "view", run) else None


def may_view(who: Visitor) -> bool:
    with tenant_scope(who.tenant_id):
        return may_here(who.user, "view")
