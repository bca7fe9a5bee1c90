"""Pages of lists: each begins after the last row of the one before, however many rows come or go meanwhile."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import DateTimeField, Field, IntegerField, Model, Q, QuerySet, UUIDField

from tenants.problems import InvalidValue
from tenants.web.filters import NumberFilter, TextFilter

PAGE = 50
LONGEST_CURSOR = 1500

LIMIT = NumberFilter("limit", "At most so many rows.", least=1, most=200, default=PAGE)
CURSOR = TextFilter("cursor", "The `next` of the page before; opaque.", longest=LONGEST_CURSOR)
PAGING = (LIMIT, CURSOR)

M = TypeVar("M", bound=Model)
T = TypeVar("T")
Part = datetime | UUID | int | str


class Order(NamedTuple):
    """Two columns, of which the second is different in every row; or one that is. All ascend, or all descend."""

    columns: tuple[str, ...]
    newest_first: bool = False


NEWEST_FIRST = Order(("created_at", "pk"), newest_first=True)
OLDEST_FIRST = Order(("created_at", "pk"))


def page_of_rows(rows: "QuerySet[M, M]", order: Order, *, cursor: str = "", limit: int = PAGE) -> tuple[list[M], str | None]:
    """One page after a cursor, and the cursor of the next page if there is one. Raises InvalidValue for a cursor that no page gives."""
    if cursor:
        after = _read(cursor, [_field(rows.model, column) for column in order.columns])
        rows = rows.filter(_beyond(order, after))
    sign = "-" if order.newest_first else ""
    found = list(rows.order_by(*(f"{sign}{column}" for column in order.columns))[: limit + 1])
    page = found[:limit]
    more = len(found) > limit
    return page, _written([getattr(page[-1], column) for column in order.columns]) if more else None


def page_of_items(items: Sequence[T], key: Callable[[T], str], *, cursor: str = "", limit: int = PAGE) -> tuple[list[T], str | None]:
    """The same of a list that is in memory, by a text that is different in every item."""
    start = 0
    if cursor:
        [last] = _read(cursor, [None])
        start = next((place + 1 for place, item in enumerate(items) if key(item) == last), -1)
        if start < 0:
            raise _unknown()
    page = list(items[start : start + limit])
    return page, _written([key(page[-1])]) if len(items) > start + limit else None


def _beyond(order: Order, after: list[Part]) -> Q:
    first, *others = order.columns
    step = "lt" if order.newest_first else "gt"
    if not others:
        return Q(**{f"{first}__{step}": after[0]})
    # Written so that an index over both columns finds the first row at once.
    return Q(**{f"{first}__{step}e": after[0]}) & ~(Q(**{first: after[0]}) & Q(**{f"{others[0]}__{_opposite(step)}e": after[1]}))


def _opposite(step: str) -> str:
    return "gt" if step == "lt" else "lt"


def _field(model: type[Model], column: str) -> "Field[Any, Any]":
    return model._meta.pk if column == "pk" else model._meta.get_field(column)  # type: ignore[return-value]


def _written(parts: Sequence[Part]) -> str:
    plain = [_plain(part) for part in parts]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _plain(part: Part) -> int | str:
    if isinstance(part, datetime):
        return part.astimezone(UTC).isoformat()
    return str(part) if isinstance(part, UUID) else part


def _read(cursor: str, fields: "Sequence[Field[Any, Any] | None]") -> list[Part]:
    """What is read must be written as it came."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST_CURSOR].encode() + b"==").decode())
        parts = [_part(field, value) for field, value in zip(fields, plain, strict=True)]
        if _written(parts) == cursor:
            return parts
    except (ValueError, TypeError, OverflowError, AttributeError, RecursionError):
        pass
    raise _unknown()


def _part(field: "Field[Any, Any] | None", value: Any) -> Part:
    """Raises ValueError, TypeError or AttributeError for what cannot stand in the column."""
    if isinstance(field, DateTimeField):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not UTC:
            raise ValueError("no moment in UTC")
        return moment
    if isinstance(field, UUIDField):
        return UUID(value)
    if isinstance(field, IntegerField):
        if type(value) is int and 0 <= value < 2**31:
            return value
    elif isinstance(value, str) and "\0" not in value:
        return value
    raise ValueError("not of this column")


def _unknown() -> InvalidValue:
    return InvalidValue("`cursor` is not a cursor of this list.", cure="Use the `next` of the page before, or none for the first.")
