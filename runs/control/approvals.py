"""Open questions, as the inbox and the API show them."""

from typing import Any

from runs.control.problems import NotWaiting
from runs.models import Approval, Run
from tenants.models import User

SHOWN = 200


def open_approvals(user: User) -> list[Approval]:
    """What `user` may answer, oldest first."""
    rows = Approval.objects.open_for(user).select_related("run__graph").defer("run__input", "run__output", "run__graph__document")
    return list(rows.order_by("created_at")[:SHOWN])


def request_at(run: Run, path: str) -> dict[str, Any]:
    """What was asked at `path` of a run."""
    asked = Approval.objects.filter(run=run, path=path).first()
    if asked is None:
        raise NotWaiting()
    request: dict[str, Any] = asked.request
    return request


def approval_rows(user: User) -> list[dict[str, Any]]:
    return [_row(asked) for asked in open_approvals(user)]


def _row(asked: Approval) -> dict[str, Any]:
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
