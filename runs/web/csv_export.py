"""A list of records in a run's output, as a table that spreadsheets open safely."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from orchestrator.engine.ids import Json
from tenants.problems import InvalidValue

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the wide forms of the first four; some spreadsheets take them for the same."""


def table_csv(output: Json, path: str) -> str:
    """The list at `path` (names and positions with dots between) with a column for each name that occurs."""
    records = [record if isinstance(record, dict) else {"value": record} for record in _list_at(output, path)]
    flat = [dict(_columns(record)) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_safe(name) for name in names])
    writer.writerows([_cell(record.get(name)) for name in names] for record in flat)
    return text.getvalue()


def _list_at(output: Json, path: str) -> list[Any]:
    value = output
    for part in filter(None, path.split(".")):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise InvalidValue(f"The output has nothing at {part[:60]!r}.", cure="Give the path of a list in the output.")
    if not isinstance(value, list):
        raise InvalidValue("There is no list at this path.", cure="Give the path of a list in the output.")
    return value


def _columns(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested records become columns named with dots."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _columns(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return "" if value is None else value
    return _safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _safe(text: str) -> str:
    """A text that a spreadsheet takes for a formula is quoted."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
