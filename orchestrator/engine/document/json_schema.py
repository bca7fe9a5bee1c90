"""JSON Schema: whether a schema is one, and where a value does not fit it."""

import json
from functools import lru_cache
from typing import NoReturn

import jsonschema_rs

from orchestrator.engine.ids import Json


@lru_cache(maxsize=1024)
def _validator(schema: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema, retriever=_refuse)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri[:200]} is outside of the schema")


def validator_of(schema: Json) -> jsonschema_rs.Validator:
    """What holds values against `schema`. Raises ValueError for what is no JSON Schema.

    A reference leads to another place of the same schema and never outside: no file is read, no address is asked.
    """
    return _validator(json.dumps(schema))


def schema_fault(schema: Json) -> str | None:
    """Why `schema` is not a JSON Schema, or None."""
    try:
        validator_of(schema)
    except ValueError as error:
        return str(error).split("\n")[0][:300]
    return None


def first_fault(schema: Json, value: Json) -> str | None:
    """Where and why `value` does not fit `schema`, or None. Raises ValueError for a bad schema."""
    validator = validator_of(schema)
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        place = ".".join(str(part) for part in error.instance_path)
        return f"{'at ' + place + ': ' if place else ''}{error.message[:300]}"
    return None
