"""JSON Schema: whether a schema is one, and where a value does not fit it."""

import json
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final, NoReturn

import jsonschema_rs

from orchestrator.engine.document.expressions.cost import CHARACTERS, size_of
from orchestrator.engine.document.schema_shape import BadSchema, shape_of
from orchestrator.engine.ids import Json

CHEAP: Final = 20_000
"""Parts of a schema times values: each pair takes at most about 0.1 us."""
_SHORT: Final = 8 * 1024
"""Characters: of longer ones not many are kept, because of their size."""
MOST_FAULTS: Final = 5
_COMPILED_IN_PLACE: Final = 400
"""Parts, a pattern counted as ten: it takes about 30 us."""
_SEARCHED: Final = 20_000
"""Patterns times characters that are searched in place."""
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=200_000)
"""An engine that takes linear time (no look-ahead, no back-references), and small programs for it."""


class Schema:
    """One JSON Schema, read. Raises BadSchema for what is none, or too large a one.

    A reference leads to another place of the same schema and never outside: no file is read, no address is asked.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._shape = shape_of(json.loads(text))

    @cached_property
    def _validator(self) -> jsonschema_rs.Validator:
        try:
            return jsonschema_rs.validator_for(self._text, retriever=_refuse, pattern_options=_PATTERNS)
        except ValueError as error:
            raise BadSchema("", _told(str(error).split("\n")[0])) from None

    def require(self) -> None:
        """Raises BadSchema where the library finds that it is none."""
        _ = self._validator

    def is_cheap(self, value: Json) -> bool:
        """Whether holding `value` against it takes at most about 2 ms."""
        shape = self._shape
        if shape.holds_itself or shape.parts + 10 * shape.patterns > _COMPILED_IN_PLACE:
            return False
        size = size_of([value], CHEAP // shape.parts)
        return size is not None and shape.patterns * size.values * CHARACTERS <= _SEARCHED

    def faults(self, value: Json) -> list[str]:
        """Where and why `value` does not fit, the first few places."""
        if self._validator.is_valid(value):
            return []
        return [_worded(error) for error in islice(self._validator.iter_errors(value), MOST_FAULTS)]


@lru_cache(maxsize=1024)
def _short(text: str) -> Schema:
    return Schema(text)


@lru_cache(maxsize=16)
def _long(text: str) -> Schema:
    return Schema(text)


def schema_of(schema: Json) -> Schema:
    """The schema, read once in a process as long as it is kept. Raises BadSchema."""
    text = json.dumps(schema)
    return _short(text) if len(text) <= _SHORT else _long(text)


def schema_fault(schema: Json) -> str | None:
    """Why `schema` is not a JSON Schema, or None."""
    try:
        schema_of(schema).require()
    except BadSchema as error:
        return str(error)[:300]
    return None


def faults(schema: Json, value: Json) -> list[str]:
    """Where and why `value` does not fit `schema`, the first few places. Raises BadSchema."""
    return schema_of(schema).faults(value)


def faults_as_json(schema: Json, value: Json) -> Json:
    """The same, as one JSON value."""
    return list(faults(schema, value))


def _worded(error: jsonschema_rs.ValidationError) -> str:
    place = ".".join(str(part) for part in error.instance_path)
    return f"{'at ' + place + ': ' if place else ''}{_shortened(error.message)}"


def _shortened(words: str) -> str:
    """At most 300 characters: the value, with which they begin, is cut, and the reason at their end is kept."""
    return words if len(words) <= 300 else f"{words[:140]} ... {words[-155:]}"


def _told(fault: str) -> str:
    pattern = fault.removesuffix(' is not a "regex"')
    if pattern == fault:
        return fault
    return f"pattern {pattern[:120]} cannot be used; look-ahead, back-references and large repetitions are not taken"


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri[:200]} is outside of the schema")
