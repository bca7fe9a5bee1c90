"""Rows of the CSV files that a graph brings along."""

import asyncio
import csv
import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field

from orchestrator.capabilities.tools.shipped.files import CHEAP_CHARACTERS, text_of, with_choices
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

_MOST_ROWS: Final = 100_000


def describe(spec: ToolSpec, files: Mapping[str, bytes]) -> ToolSpec:
    """Names the CSV files at hand and their columns. A file that cannot be read is found out when it is used."""
    tables: dict[str, list[str]] = {}
    for name in sorted(files):
        if name.lower().endswith(".csv"):
            try:
                tables[name] = columns_of(text_of(files, name))
            except ToolError:
                tables[name] = []
    columns = list(dict.fromkeys(column for own in tables.values() for column in own))
    said = " ".join(f"{name} has the columns {', '.join(own)}." for name, own in tables.items() if own)
    return with_choices(spec, {"file": list(tables), "column": columns}, said)


@tool(
    "csv_lookup",
    title="CSV lookup",
    safety=Safety.PURE,
    timeout_s=10,
    describe=describe,
    example='csv_lookup(file="orders.csv", column="customer", value="Ada")',
    touches="Reads the CSV files of the graph.",
)
async def csv_lookup(
    context: ToolContext,
    *,
    file: Annotated[str, Field(description="Name of a CSV file of this graph")],
    column: Annotated[str, Field(description="The column to compare")],
    value: Annotated[str, Field(max_length=500, description="The value to find, compared without regard to case")],
    limit: Annotated[int, Field(ge=1, le=200, description="Rows at most")] = 20,
) -> Json:
    """Find the rows of a CSV file where a column has a value."""
    text = text_of(context.files, file)
    columns = columns_of(text)
    if column not in columns:
        raise ToolError(
            f"{file} has no column {column!r}", code=ErrorCode.INVALID_INPUT, cure=f"Use one of its columns: {', '.join(columns)}."
        )
    if len(text) <= CHEAP_CHARACTERS:
        return rows_with(text, column, value, limit)
    return await asyncio.to_thread(rows_with, text, column, value, limit)


def rows_with(text: str, column: str, value: str, limit: int) -> Json:
    """The first rows of a CSV text that have a value in a column, and how many have it."""
    wanted = value.strip().casefold()
    found = [row for row in rows_of(text) if row.get(column, "").strip().casefold() == wanted]
    return {"rows": [dict(row) for row in found[:limit]], "count": len(found)}


@lru_cache(maxsize=8)
def rows_of(text: str) -> tuple[dict[str, str], ...]:
    """Few are kept: the largest takes some 100 MB."""
    try:
        rows = []
        for row in csv.DictReader(io.StringIO(text, newline="")):
            rows.append({name: part or "" for name, part in row.items() if isinstance(name, str) and not isinstance(part, list)})
            if len(rows) > _MOST_ROWS:
                raise ToolError(f"The file has more than {_MOST_ROWS} rows", cure="Attach a smaller file.")
    except csv.Error as error:
        raise _not_csv(error) from None
    return tuple(rows)


def columns_of(text: str) -> list[str]:
    try:
        first = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error as error:
        raise _not_csv(error) from None
    return [name for name in first if name]


def _not_csv(error: csv.Error) -> ToolError:
    return ToolError(f"The file is not valid CSV: {error}", cure="Check its quotes and separators.")
