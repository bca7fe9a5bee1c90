"""What this room adds to the frame of every page."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest

from runs.models import Approval, Run
from tenants.models import Membership


def runs_frame(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """`waiting_approvals`: how many questions the person may answer. `nothing_ran_yet`. Both asked only where they are shown."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None or membership.user_id != request.user.pk:
        return {}
    user = membership.user

    @cache
    def waiting_approvals() -> int:
        return Approval.objects.open_for(user).count()

    return {"waiting_approvals": waiting_approvals, "nothing_ran_yet": lambda: not Run.objects.visible_to(user).exists()}
