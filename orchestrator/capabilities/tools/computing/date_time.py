"""Dates and times."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

_MICROSECONDS: Final = 1_000_000
_MOST: Final = 4_000_000


@tool(
    "date_time",
    title="Date and time",
    safety=Safety.PURE,
    timeout_s=5,
    example='date_time(operation="add", date="2026-03-01", days=30)',
    touches="Nothing but the clock of the server.",
)
async def date_time(
    context: ToolContext,
    *,
    operation: Annotated[
        Literal["now", "add", "difference", "weekday", "convert"],
        Field(
            description="now: the present moment; add: date plus days, hours and minutes; difference: from date to other_date; "
            "weekday: name of the day; convert: date in another timezone"
        ),
    ],
    date: Annotated[str, Field(max_length=40, description="ISO date or date and time; the present moment when left out")] = "",
    other_date: Annotated[str, Field(max_length=40, description="For difference: the second ISO date")] = "",
    days: Annotated[float, Field(ge=-_MOST, le=_MOST, description="For add: days, may be negative")] = 0,
    hours: Annotated[float, Field(ge=-_MOST, le=_MOST, description="For add: hours, may be negative")] = 0,
    minutes: Annotated[float, Field(ge=-_MOST, le=_MOST, description="For add: minutes, may be negative")] = 0,
    timezone: Annotated[str, Field(max_length=60, description="IANA timezone such as Europe/Berlin")] = "UTC",
) -> Json:
    """Tell the time, add to a date, find the time between two dates, name a weekday, or convert between timezones."""
    zone = _zone(timezone)
    now = datetime.fromtimestamp(context.now_us() / _MICROSECONDS, UTC)
    moment = _moment(date, zone) if date else now.astimezone(zone)
    if operation == "difference":
        if not other_date:
            raise _wrong("difference needs other_date")
        return _between(moment, _moment(other_date, zone))
    if operation == "add":
        try:
            moment += timedelta(days=days, hours=hours, minutes=minutes)
        except OverflowError:
            raise _wrong("The result is outside of the years 1 to 9999") from None
    try:
        return _shown(moment.astimezone(zone))
    except OverflowError:
        raise _wrong("The result is outside of the years 1 to 9999") from None


def _shown(moment: datetime) -> Json:
    return {
        "iso": moment.isoformat(timespec="seconds"),
        "date": moment.date().isoformat(),
        "time": moment.strftime("%H:%M:%S"),
        "weekday": moment.strftime("%A"),
        "timezone": str(moment.tzinfo),
    }


def _between(first: datetime, second: datetime) -> Json:
    span = second - first
    seconds = span.total_seconds()
    return {"days": span.days if seconds >= 0 else -((-span).days), "hours": round(seconds / 3600, 4), "seconds": seconds}


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _wrong(f"{text!r} is not an ISO date") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(f"There is no timezone {name!r}") from None


def _wrong(message: str) -> ToolError:
    return ToolError(
        message, code=ErrorCode.INVALID_INPUT, cure="Use dates such as 2026-11-22 or 2026-11-22T14:30 and timezones such as Europe/Berlin."
    )
