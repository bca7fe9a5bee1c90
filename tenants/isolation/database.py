"""The one door to the database: what passes by itself is tried again on a new connection, the rest is told apart.

Whoever works on a thread of its own goes through `reach` or `DatabaseThreads`. Requests of people are not
repeated; for them `is_away` decides between 503 and a fault of ours.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from tenants.isolation.scope import system_scope

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_PAUSE_S = 0.5
"""Between two tries; the first ones follow sooner."""
RETRY_AFTER_S = 2
"""When people are told to come again."""

_PASSING_STATES = ("08", "40", "53", "57", "58", "25006", "55P03", "55000")
"""SQLSTATEs, or their first two digits, of what passes: connections, conflicts, resources, shutdown, disk, read-only, locks."""
_PASSING_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


class DatabaseAway(OperationalError):
    """The database does not answer, or takes no writes."""


def is_away(error: BaseException | None) -> bool:
    """Whether the error is about the database and passes by itself: the same work may succeed later."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_PASSING_STATES)
    if isinstance(cause, sqlite3.Error):
        code: int = getattr(cause, "sqlite_errorcode", 0)
        return code & 0xFF in _PASSING_CODES
    return isinstance(error, OperationalError | InterfaceError)


def drop_connection() -> None:
    """Forget this thread's connection: it may be dead, or lead to a server that takes no writes."""
    try:
        connection.close()
    except (DatabaseError, InterfaceError):
        connection.connection = None


def reach(work: Callable[[], T], *, patience_s: float = 0.0) -> T:
    """Do `work`; on a new connection at once when the old one is dead, then again and again for at most `patience_s`.

    So `work` is such that doing it twice does no harm: it reads, or it is one transaction that says the
    same whenever it is made. Raises DatabaseAway, and at once whatever does not pass by itself.
    """
    until = time.monotonic() + patience_s
    pause = 0.0
    while True:
        try:
            return work()
        except (DatabaseError, InterfaceError) as error:
            if connection.in_atomic_block or not is_away(error):
                raise
            drop_connection()
            if pause and time.monotonic() + pause > until:
                raise DatabaseAway(str(error)) from error
        time.sleep(pause)
        pause = min(LONGEST_PAUSE_S, max(0.05, pause * 2))


class DatabaseThreads:
    """A few threads, each with its own connection, that work for the platform. They begin with the first work."""

    def __init__(self, name: str, size: int = 1, *, patience_s: float = 2.0) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._size = size
        self._patience_s = patience_s

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns. It may be called more than once: see `reach`. Raises DatabaseAway."""
        work = partial(_in_system, partial(function, *args, **kwargs), self._patience_s)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def stop(self) -> None:
        """Close every thread's connection, then end the threads."""
        together = threading.Barrier(self._size)
        for _ in range(self._size):
            self._pool.submit(_close, together)
        self._pool.shutdown()


def _close(together: threading.Barrier) -> None:
    together.wait()  # so that each thread takes one of these
    drop_connection()


def _in_system(work: Callable[[], T], patience_s: float) -> T:
    with system_scope():
        return reach(work, patience_s=patience_s)
