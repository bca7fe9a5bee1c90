"""Rows of a query, as JSON, and how it is said that there are none to be had."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

LONGEST_TEXT: Final = 4_000
_READING: Final = "Send one SELECT. The database is open for reading only."


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], limit: int) -> Json:
    """`rows` holds one more than `limit` where there are more."""
    return {
        "columns": list(columns),
        "rows": [[_cell(value) for value in row] for row in rows[:limit]],
        "more": len(rows) > limit,
    }


def refused(message: str, cure: str = _READING) -> ToolError:
    return ToolError(message, code=ErrorCode.INVALID_INPUT, cure=cure)


def _cell(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | memoryview):
        return f"({len(value)} bytes)"
    if isinstance(value, list | tuple):
        return [_cell(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _cell(part) for name, part in value.items()}
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    text = value if isinstance(value, str) else str(value) if isinstance(value, Decimal | UUID | timedelta) else repr(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text)} characters)"
