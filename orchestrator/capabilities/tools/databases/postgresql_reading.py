"""One query over a PostgreSQL server, in a transaction that only reads. Called in a process of its own."""

from typing import Final

import psycopg

from orchestrator.capabilities.tools.databases.rows import refused, table
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

STATEMENT_MS: Final = 8_000
_OPTIONS: Final = (
    f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS} -c lock_timeout=2000"
    f" -c idle_in_transaction_session_timeout={STATEMENT_MS}"
)


def postgresql_rows(place: dict[str, str], query: str, limit: int) -> Json:
    """`place`: host with its checked address, port, database, user and password. Raises ToolError."""
    try:
        connection = psycopg.connect(**place, connect_timeout=5, options=_OPTIONS, application_name="baton sql_query")  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise ToolError(f"The server cannot be reached: {_line(error)}", cure="Check the stored address.", retryable=True) from None
    connection.read_only = True
    try:
        # A cursor is declared for one query that gives rows: the server itself refuses every other statement, and a second one.
        with connection.cursor("rows") as cursor:
            cursor.execute(query.encode())
            found = cursor.fetchmany(limit + 1)
            return table([column.name for column in cursor.description or ()], found, limit)
    except psycopg.errors.QueryCanceled:
        cure = "Ask for less: add a WHERE or a LIMIT."
        raise ToolError(f"The query took longer than {STATEMENT_MS / 1000:g} s", code=ErrorCode.TIMEOUT, cure=cure) from None
    except psycopg.Error as error:
        raise refused(f"The database says: {_line(error)}") from None
    finally:
        connection.close()


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
