"""Pages of long lists: each begins after the last row of the one before, however many rows come or go meanwhile."""

import base64
import binascii
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from runs.models import Approval, Run
from tenants.problems import InvalidValue

PAGE = 50

R = TypeVar("R", Run, Approval)


class Cursor(NamedTuple):
    """Where a page ended."""

    at: datetime
    last: UUID

    def __str__(self) -> str:
        at = self.at.astimezone(UTC).isoformat()
        return base64.urlsafe_b64encode(f"{at} {self.last}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises InvalidValue for a text that no page gives: what is read must be written as it came."""
        try:
            at, _, last = base64.urlsafe_b64decode(text.encode() + b"==").decode().partition(" ")
            cursor = cls(datetime.fromisoformat(at), UUID(last))
        except (ValueError, binascii.Error):
            cursor = None
        if cursor is None or cursor.at.tzinfo is not UTC or str(cursor) != text:
            raise InvalidValue("`after` is not a cursor of this list.", cure="Use the `next` of the page before.")
        return cursor


def newest_first(rows: "QuerySet[R]", after: str) -> tuple[list[R], str | None]:
    """One page after a cursor, and the cursor of the next page if there is one."""
    if after:
        cursor = Cursor.read(after)
        rows = rows.filter(created_at__lte=cursor.at).exclude(Q(created_at=cursor.at) & Q(pk__gte=cursor.last))
    return _page(rows.order_by("-created_at", "-pk"))


def oldest_first(rows: "QuerySet[R]", after: str) -> tuple[list[R], str | None]:
    """The same from the other end."""
    if after:
        cursor = Cursor.read(after)
        rows = rows.filter(created_at__gte=cursor.at).exclude(Q(created_at=cursor.at) & Q(pk__lte=cursor.last))
    return _page(rows.order_by("created_at", "pk"))


def _page(rows: "QuerySet[R]") -> tuple[list[R], str | None]:
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    return page, str(Cursor(page[-1].created_at, page[-1].pk)) if len(found) > PAGE else None
