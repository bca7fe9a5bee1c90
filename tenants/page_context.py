"""What the frame of every page shows: who, where, and where else."""

from typing import Any

from django.http import HttpRequest

from tenants.models import Membership
from tenants.roles import ROLE_ACTIONS, MemberRole
from tenants.scope import system_scope


def shell(request: HttpRequest) -> dict[str, Any]:
    """`tenant`, `role`, `may_manage`, `may_edit` and `workspaces` (the other tenants of the user)."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None:
        return {"tenant": None, "role": None, "may_edit": False, "may_manage": False, "workspaces": []}
    with system_scope():
        others = list(
            Membership.objects.filter(user=membership.user_id).exclude(pk=membership.pk).select_related("tenant").order_by("tenant__name")
        )
    allowed = ROLE_ACTIONS[MemberRole(membership.role)]
    return {
        "tenant": membership.tenant,
        "role": membership.get_role_display(),
        "may_edit": "edit" in allowed,
        "may_manage": "manage" in allowed,
        "workspaces": [other.tenant for other in others],
    }
