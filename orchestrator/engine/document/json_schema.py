"""JSON Schema: whether a schema is one, and where a value does not fit it."""

import json
from functools import lru_cache

import jsonschema_rs

from orchestrator.engine.ids import Json


@lru_cache(maxsize=1024)
def _validator(schema: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema)


def schema_fault(schema: Json) -> str | None:
    """Why `schema` is not a JSON Schema, or None."""
    try:
        _validator(json.dumps(schema))
    except (ValueError, jsonschema_rs.ValidationError) as error:
        return str(error).split("\n")[0][:300]
    return None


def first_fault(schema: Json, value: Json) -> str | None:
    """Where and why `value` does not fit `schema`, or None. Raises ValueError for a bad schema."""
    try:
        _validator(json.dumps(schema)).validate(value)
    except jsonschema_rs.ValidationError as error:
        place = ".".join(str(part) for part in error.instance_path)
        return f"{'at ' + place + ': ' if place else ''}{error.message[:300]}"
    return None
