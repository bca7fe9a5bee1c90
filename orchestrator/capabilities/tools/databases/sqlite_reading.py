"""One query over a SQLite file, in a process that reads nothing else. Called in an evaluating process."""

import base64
import sqlite3
import time
from typing import Final

from orchestrator.capabilities.tools.databases.rows import refused, table
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

LONGEST_S: Final = 3.0
_MAGIC: Final = b"SQLite format 3\x00"
_ROLLBACK_JOURNAL: Final = b"\x01\x01"
_STEPS: Final = 20_000
"""Between two looks at the time."""
_READS: Final = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_FORBIDDEN: Final = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}


def sqlite_rows(content: str, query: str, limit: int) -> Json:
    """`content`: the file, in base64. Raises ToolError."""
    database = _opened(base64.b64decode(content))
    ends = time.monotonic() + LONGEST_S
    database.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        cursor = database.execute(query)
        if cursor.description is None:
            raise refused("The query gives no rows")
        return table([column[0] for column in cursor.description], cursor.fetchmany(limit + 1), limit)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _told(error) from None
    except (ValueError, OverflowError) as error:
        raise refused(f"The query cannot be read: {error}") from None
    finally:
        database.close()


def _opened(content: bytes) -> sqlite3.Connection:
    """A copy in memory: what is done to it ends with it. Nothing that the file brings along is trusted."""
    if not content.startswith(_MAGIC):
        raise refused("The file is not a SQLite database", cure="Attach a SQLite file, such as one that ends in .sqlite.")
    database = sqlite3.connect(":memory:")
    database.deserialize(content[:18] + _ROLLBACK_JOURNAL + content[20:])  # in memory there is no write-ahead log
    for pragma in ("query_only = ON", "trusted_schema = OFF", "temp_store = MEMORY", "cell_size_check = ON"):
        database.execute(f"PRAGMA {pragma}")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 * 1024 * 1024)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
    database.set_authorizer(_may)
    return database


def _may(action: int, _first: str | None, second: str | None, _database: str | None, _inside: str | None) -> int:
    if action in _READS or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _FORBIDDEN):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _told(error: Exception) -> ToolError:
    text = str(error)
    if "interrupted" in text:
        cure = "Ask for less: add a WHERE, or avoid joins of everything with everything."
        return ToolError(f"The query took longer than {LONGEST_S:g} s", code=ErrorCode.TIMEOUT, cure=cure)
    if "not authorized" in text or "prohibited" in text or "readonly" in text:
        return refused(f"The database refuses this: {text}")
    return refused(f"The database says: {text[:500]}", cure="Correct the query. SELECT name, sql FROM sqlite_master shows the tables.")
