"""Picking parts out of JSON."""

import json
from functools import lru_cache
from typing import Annotated, Any, Final

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse
from pydantic import Field

from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

_MOST_MATCHES: Final = 1000


@tool("json_query", title="JSON query", safety=Safety.PURE, timeout_s=10)
async def json_query(
    _context: ToolContext,
    *,
    data: Annotated[dict[str, Json] | list[Json] | str, Field(description="The JSON value, or its text")],
    path: Annotated[str, Field(min_length=1, max_length=500, description="JSONPath such as $.orders[0].status or $..price")],
) -> Json:
    """Select parts of a JSON value with a JSONPath expression."""
    value: Any = data
    if isinstance(data, str):
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise _wrong("data is not JSON") from None
    try:
        found = [match.value for match in _parsed(path).find(value)]
    except RecursionError:
        raise _wrong("data is nested too deeply") from None
    return {"matches": found[:_MOST_MATCHES], "count": len(found)}


@lru_cache(maxsize=256)
def _parsed(path: str) -> Any:
    try:
        return parse(path)
    except (JSONPathError, RecursionError) as error:
        raise _wrong(f"{path!r} is not a JSONPath: {str(error)[:200]}") from None


def _wrong(message: str) -> ToolError:
    return ToolError(message, code=ErrorCode.INVALID_INPUT, cure="Use a path such as $.orders[*].status.")
