"""Open questions, as the inbox and the API show them. They are decided in `answers`."""

from typing import Any

from runs.control.problems import NotWaiting
from runs.models import Approval, ApprovalQuerySet, Run
from tenants.models import User


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


def approval_row(asked: Approval) -> dict[str, Any]:
    graph = asked.run.graph
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
    }
