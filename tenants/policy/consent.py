"""Who may approve a call: whoever may answer for the run, and for a run's own starter only where the policy lets them.

It is asked when a person answers, and again when the call is made: consent holds only while the person has the right to it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from uuid import UUID

from django.core.exceptions import ValidationError

from tenants.isolation.scope import current_tenant_id, tenant_scope
from tenants.models import TenantOwned, User
from tenants.people.access import may, role_allows, role_of
from tenants.policy.rights import read_rights
from tenants.policy.text import ToolRule
from tenants.problems import Forbidden
from tenants.roles import MemberRole

SOMEBODY_ELSE = "Somebody else must approve it"


class OwnCall(Forbidden):
    """You started this run, so you may not approve its calls."""

    code = "own_call"
    cure = f"{SOMEBODY_ELSE}: ask anybody who may answer for this run."


def needs_others(rule: ToolRule | None, starter: MemberRole | None) -> bool:
    """Whether a starter of that role must leave the approval to somebody else."""
    if rule is not None and rule.approved_by_others is not None:
        return rule.approved_by_others
    return not role_allows(starter, "manage")


def may_approve(user: User, tool: str, *, started_by: UUID | None, since: float = -inf) -> bool:
    """Whether `user` may decide about calls of `tool` in a run that `started_by` started, as far as the policy has a say.

    A question that is about no tool has an empty name, and everybody may. Whoever acts by a key is its owner.
    The policy is at most a second old, or as it was at `since` (of the monotonic clock) or later.
    """
    if not tool or started_by != user.pk:
        return True
    return not needs_others(read_rights(current_tenant_id(), since).rules.get(tool), role_of(user))


def require_consent(user: User, tool: str, *, started_by: UUID | None) -> None:
    if not may_approve(user, tool, started_by=started_by, since=time.monotonic()):
        raise OwnCall(f"You started this run, so you may not approve its calls of {tool!r}.", details={"tool": tool})


@dataclass(frozen=True, slots=True)
class Consent:
    """Whose word counts for the calls of one run. `answers_for` reads what a person must be allowed to answer for."""

    started_by: UUID | None
    answers_for: Callable[[], TenantOwned]


def objection(consent: Consent, *, tenant_id: UUID, approved_by: str, tool: str) -> str:
    """Why the word of who approved a call does not count any more; empty while it does."""
    with tenant_scope(tenant_id):
        try:
            person = User.objects.filter(pk=approved_by).first()
        except (ValidationError, ValueError):
            person = None
        if person is None:
            return "Whoever approved this call is no more"
        if not may(person, "answer", consent.answers_for()):
            return f"{person.name!r} approved this call and may not answer for this run any more"
        if not may_approve(person, tool, started_by=consent.started_by, since=time.monotonic()):
            return f"{person.name!r} approved this call of an own run, which the policy leaves to somebody else now"
        return ""
