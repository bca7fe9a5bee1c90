"""SQL that only reads."""

import base64
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

from pydantic import Field

from orchestrator.capabilities.egress.errors import EgressFailed
from orchestrator.capabilities.tools.databases.postgresql_reading import postgresql_rows
from orchestrator.capabilities.tools.databases.processes import QUERY_LIMITS, querying_for
from orchestrator.capabilities.tools.databases.sqlite_reading import sqlite_rows
from orchestrator.capabilities.tools.secrets import POSTGRESQL
from orchestrator.capabilities.tools.shipped.files import content_of, with_choices
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import EngineError, ToolError
from orchestrator.engine.ids import Json

_FILES: Final = (".sqlite", ".sqlite3", ".db")
_SCHEMES: Final = ("postgresql", "postgres")


def describe(spec: ToolSpec, files: Mapping[str, bytes]) -> ToolSpec:
    """Names the databases that came with the graph."""
    names = [name for name in sorted(files) if name.lower().endswith(_FILES)]
    return with_choices(spec, {"database": [*names, POSTGRESQL]}, f"Files: {', '.join(names)}." if names else "")


@tool(
    "sql_query",
    title="SQL query",
    safety=Safety.PURE,
    timeout_s=20,
    describe=describe,
    example='sql_query(database="shop.sqlite", query="SELECT city, count(*) FROM customers GROUP BY city", limit=20)',
    touches="Reads the SQLite files of the graph, and the PostgreSQL database whose address the workspace stored. The database itself "
    "refuses to write. A server is reached by the same rules as every other address.",
)
async def sql_query(
    context: ToolContext,
    *,
    database: Annotated[str, Field(description="Name of a SQLite file of this graph, or postgresql for the workspace's server")],
    query: Annotated[str, Field(min_length=1, max_length=20_000, description="One SELECT")],
    limit: Annotated[int, Field(ge=1, le=1000, description="Rows at most")] = 100,
) -> Json:
    """Ask a database with one SELECT. In a SQLite file, SELECT name, sql FROM sqlite_master shows the tables."""
    ask = querying_for(context.tenant).ask
    try:
        if database != POSTGRESQL:
            content = base64.b64encode(content_of(context.files, database)).decode()
            return await ask(sqlite_rows, content, query, limit, limits=QUERY_LIMITS)
        return await ask(postgresql_rows, await _place(context), query, limit, limits=QUERY_LIMITS)
    except EngineError as error:
        raise ToolError.of(error.info) from None


async def _place(context: ToolContext) -> dict[str, Json]:
    """Where the server is, by an address that was checked: whatever its name leads to later, this is connected to.

    Nothing is taken from this process's own settings, so all of it must be in what the workspace stored.
    """
    stored = context.secrets.get(POSTGRESQL, "")
    if not stored:
        raise ToolError("This workspace has stored no PostgreSQL address", cure="An admin stores one under Settings, Keys, as postgresql.")
    try:
        at = urlsplit(stored)
        host, port = at.hostname, at.port or 5432
    except ValueError:
        host = None
    if not host or at.scheme not in _SCHEMES or not (at.username and at.password and at.path.strip("/")) or at.query:
        raise ToolError(
            "The stored PostgreSQL address is not complete", cure="Store it as postgresql://user:password@host:5432/database, nothing more."
        )
    try:
        address, *_ = await context.egress.addresses(host, port)
    except OSError as error:
        raise EgressFailed(f"Cannot find {host}: {error.strerror}", kind="connection", cure="Check the stored address.") from error
    place = {"host": host, "hostaddr": address, "port": str(port), "dbname": unquote(at.path[1:])}
    return {**place, "user": unquote(at.username), "password": unquote(at.password)}
