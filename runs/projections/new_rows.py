"""New rows of one table in one statement, the way each database takes them fastest.

What every commit of the log makes goes this way, because models and their queries cost several times the insert itself.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model


def insert(model: type[Model], columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert `rows`, each with a value for every column. Columns not named take their defaults in the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_whole_columns(model, columns), [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(_one_by_one(model, columns), [[stored(value) for value in row] for row in rows])


def stored(value: Any) -> Any:
    """A value as SQLite keeps it: Django writes identifiers as 32 digits and days as ISO 8601 there."""
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat() if isinstance(value, date) else value


@cache
def _one_by_one(model: type[Model], columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {_into(model, columns)} VALUES ({', '.join('%s' for _ in columns)})"  # noqa: S608 - our own names


@cache
def _whole_columns(model: type[Model], columns: tuple[str, ...]) -> str:
    types = {field.attname: field.db_type(connection) for field in model._meta.concrete_fields}
    arrays = ", ".join(f"%s::{types[column]}[]" for column in columns)
    return f"INSERT INTO {_into(model, columns)} SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names


def _into(model: type[Model], columns: tuple[str, ...]) -> str:
    return f"{model._meta.db_table} ({', '.join(columns)})"
