"""A list of records in a run's output, as a table that spreadsheets open safely."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.engine.ids import Json
from tenants.problems import InvalidValue

_STARTS = r"=+\-@\uff1d\uff0b\uff0d\uff20\u2212"
"""Of formulas, plain and in their wide forms, which some spreadsheets take for the same."""
_BREAKS = r";|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
"""What some program takes for the end of a cell or of a line, whatever stands around it: spreadsheets of other languages split at
other characters, and know our quotes at the start of a cell only."""
_UNSEEN = (
    r" \xa0\u1680\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff\xad\u061c\u180e\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\"\u201c\u201d"
)
"""What programs pass over before a formula: blanks, byte-order marks, characters without a shape, quotes."""

LEADING = re.compile(rf"[{_UNSEEN}{_BREAKS},]*+[{_STARTS}]|[\t\r\n]")
INNER = re.compile(rf"([{_BREAKS}])([{_UNSEEN}]*+)(?=[{_STARTS}])")
INNER_OR_COMMA = re.compile(rf"([{_BREAKS},])([{_UNSEEN}]*+)(?=[{_STARTS}])")


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
    if isinstance(value, str):
        return _safe(value)
    return _quoted(INNER, json.dumps(value, ensure_ascii=False))


def _safe(text: str) -> str:
    """Wherever a program could take a formula to begin, a quote says that it is text."""
    return _quoted(INNER_OR_COMMA, text)


def _quoted(inner: "re.Pattern[str]", text: str) -> str:
    quoted = inner.sub(r"\1'\2", text)
    return f"'{quoted}" if LEADING.match(text) else quoted
