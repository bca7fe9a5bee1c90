"""What a function gives, as JSON."""

from collections.abc import AsyncIterator, Awaitable, Iterator

from pydantic_core import PydanticSerializationError, to_jsonable_python

from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson

_ONE_BY_ONE = (Iterator, AsyncIterator, Awaitable)


def as_json(value: object) -> Json:
    """Data classes and models as objects, dates and decimals as text, sets as lists. Raises NotJson, naming the type."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, _ONE_BY_ONE):
        raise NotJson(f"{type(value).__name__} has no form in JSON, as it is not a value yet")
    try:
        found: Json = to_jsonable_python(value)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise NotJson(f"{type(value).__name__} has no form in JSON: {str(error)[:300]}") from None
    return found
