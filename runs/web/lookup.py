"""What a person asked for by its id, if they may see it."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from orchestrator.engine.log.status import RunStatus
from runs.models import Run, RunQuerySet
from tenants.models import User
from tenants.problems import InvalidValue, NotFound

PAGE = 50


def run_for(user: User, run_id: UUID) -> Run:
    """With its values. Raises NotFound alike for what is missing, foreign or not for `user`."""
    rows = Run.objects.visible_to(user).filter(pk=run_id)
    run: Run | None = rows.for_lists().defer(None).select_related("graph", "graph_version", "created_by").first()
    if run is None:
        raise NotFound()
    return run


def runs_for(user: User, *, graph: str = "", status: str = "") -> RunQuerySet[Run]:
    """The runs that `user` may see, newest first."""
    rows = Run.objects.visible_to(user).for_lists()
    if graph:
        rows = rows.filter(graph__slug=graph)
    if status:
        if status not in set(RunStatus):
            raise InvalidValue(f"There is no status {status[:40]!r}.", cure=f"Use one of: {', '.join(RunStatus)}.")
        rows = rows.filter(status=status)
    return rows.order_by("-created_at", "-pk")


def page_of(rows: RunQuerySet[Run], after: str) -> tuple[list[Run], str | None]:
    """One page of runs after a cursor, and the cursor of the next page if there is one."""
    if after:
        at, last = _read_cursor(after)
        rows = rows.filter(created_at__lte=at).exclude(Q(created_at=at) & Q(pk__gte=last))
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    return page, _cursor(page[-1]) if len(found) > PAGE else None


def _cursor(run: Run) -> str:
    return base64.urlsafe_b64encode(f"{run.created_at.isoformat()} {run.pk}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode()
        at, _, last = text.partition(" ")
        return datetime.fromisoformat(at), UUID(last)
    except (ValueError, binascii.Error) as error:
        raise InvalidValue("`after` is not a cursor of this list.", cure="Use the `next` of the page before.") from error
