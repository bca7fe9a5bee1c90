"""What models cost, by whatever one asks: sums of the uses read from the logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Sum

from editor.models import Graph
from runs.models import ModelUse
from tenants.models import User
from tenants.people.access import visible_to
from tenants.problems import InvalidValue

ROWS = 500


@dataclass(frozen=True, slots=True)
class Grouping:
    """The columns that make the key and the label of a row."""

    title: str
    key: str
    label: str
    newest_first: bool = False


GROUPINGS = {
    "run": Grouping("Run", "run", "run__input_preview"),
    "agent": Grouping("Agent", "agent", "agent"),
    "model": Grouping("Model", "model", "model"),
    "user": Grouping("User", "user", "user__username"),
    "day": Grouping("Day", "day", "day", newest_first=True),
    "graph": Grouping("Graph", "graph__slug", "graph__title"),
}

NARROWING = ("graph", "agent", "model", "user")
"""What the rows can be narrowed to, by the key of a row of that grouping."""

SUMS = {"calls": Count("pk"), **{name: Sum(name, default=0) for name in ("input_tokens", "output_tokens", "cost_nano_usd")}}


def costs(user: User, *, by: str = "graph", since: str = "", until: str = "", only: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Rows and their total, dearest first. Days are UTC and both ends count. `only` holds values of NARROWING."""
    grouping = GROUPINGS.get(by)
    if grouping is None:
        raise InvalidValue(f"Costs cannot be shown by {by[:40]!r}.", cure=f"Use one of: {', '.join(GROUPINGS)}.")
    uses = ModelUse.objects.filter(graph__in=visible_to(user, Graph.objects.all()))
    if since:
        uses = uses.filter(day__gte=_day(since))
    if until:
        uses = uses.filter(day__lte=_day(until))
    for name, value in (only or {}).items():
        if value:
            uses = uses.filter(**{GROUPINGS[name].key: value if name != "user" else _id(value)})
    grouped = uses.order_by().values(key=F(grouping.key), label=F(grouping.label)).annotate(**SUMS)
    rows = grouped.order_by("-key") if grouping.newest_first else grouped.order_by("-cost_nano_usd", "-input_tokens", "key")
    return {"rows": [_row(row) for row in rows[:ROWS]], "total": uses.aggregate(**SUMS)}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    key = "" if row["key"] is None else str(row["key"])
    return {**row, "key": key, "label": str(row["label"] or key or "-")}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue(f"{text[:40]!r} is not the key of a user.", cure="Use the key of a row of ?by=user.") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(f"{text[:40]!r} is not a day.", cure="Write it as 2026-01-31.") from error
