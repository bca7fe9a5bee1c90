"""What the frame of every page shows: who, where, and where else."""

from typing import Any

from django.http import HttpRequest

from tenants.models import Membership
from tenants.roles import ROLE_ACTIONS, MemberRole


def shell(request: HttpRequest) -> dict[str, Any]:
    """`current_tenant`, `current_role`, `may_edit`, `may_manage`, and `switchable_tenants` (all that the session gives)."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None or membership.user_id != request.user.pk:
        return {"current_tenant": None, "current_role": "", "may_edit": False, "may_manage": False, "switchable_tenants": []}
    memberships: list[Membership] = request.memberships  # type: ignore[attr-defined]
    tenants = sorted((each.tenant for each in memberships), key=lambda tenant: tenant.name)
    allowed = ROLE_ACTIONS[MemberRole(membership.role)]
    return {
        "current_tenant": membership.tenant,
        "current_role": membership.get_role_display(),
        "may_edit": "edit" in allowed,
        "may_manage": "manage" in allowed,
        "switchable_tenants": tenants,
    }
