"""JSONPath over a JSON value."""

import json
from functools import lru_cache
from typing import Any, Final

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

_MOST_MATCHES: Final = 1000


def select(data: Json, path: str) -> Json:
    """The matches of a path, the first thousand, and how many there are; `data` is the value or its text. Raises ToolError."""
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
