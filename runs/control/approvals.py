"""Open questions, as the inbox and the API show them. They are decided in `answers`."""

from typing import Any

from runs.control.problems import NotWaiting
from runs.models import Approval, ApprovalQuerySet, Run
from tenants.models import Tool, User
from tenants.policy.consent import SOMEBODY_ELSE, may_approve


def open_approvals(user: User) -> ApprovalQuerySet[Approval]:
    """What `user` may answer, with what a list shows of it."""
    return Approval.objects.open_for(user).select_related("run__graph").defer("run__input", "run__output", "run__graph__document")


def request_at(run: Run, path: str) -> dict[str, Any]:
    """What was asked at `path` of a run."""
    asked = Approval.objects.filter(run=run, path=path).first()
    if asked is None:
        raise NotWaiting()
    request: dict[str, Any] = asked.request
    return request


def who_else(user: User, asked: Approval) -> str:
    """Why `user`, who may answer for the run, must leave this question to somebody else; empty where they need not."""
    tool = asked.request.get("tool") or ""
    own = not may_approve(user, tool, started_by=asked.run.created_by_id)
    return f"{SOMEBODY_ELSE}: you started this run." if own else ""


def left_to_others(user: User, run: Run) -> list[str]:
    """The tools whose calls in this run `user` may not approve, because they started it."""
    if run.created_by_id != user.pk:
        return []
    names = Tool.objects.order_by("name").values_list("name", flat=True)
    return [name for name in names if not may_approve(user, name, started_by=user.pk)]


def approval_row(user: User, asked: Approval) -> dict[str, Any]:
    """`may.answer` and `why_not` say whether `user` may decide it, and why they may not."""
    graph, why_not = asked.run.graph, who_else(user, asked)
    return {
        "run": str(asked.run_id),
        "path": asked.path,
        "graph": {"slug": graph.slug, "title": graph.title},
        "title": asked.request.get("title", ""),
        "message": asked.request.get("message", ""),
        "request": asked.request,
        "digest": asked.digest,
        "created_at": asked.created_at,
        "deadline": asked.deadline,
        "may": {"answer": not why_not},
        "why_not": why_not,
    }
