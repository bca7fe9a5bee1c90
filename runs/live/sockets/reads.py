"""Threads on which the sockets read the database: one slow query leaves the others free."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tenants.isolation.database import DatabaseThreads

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 6
PATIENCE_S = 0.3
"""Then the socket is closed, and its client comes again in a moment."""


class Reads:
    """A few threads, each with a connection of its own."""

    def __init__(self) -> None:
        self._threads = _threads()

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns. Raises DatabaseAway."""
        return await self._threads.run(function, *args, **kwargs)

    def stop(self) -> None:
        """Close every connection; the next read makes new ones."""
        self._threads.stop()
        self._threads = _threads()


def _threads() -> DatabaseThreads:
    return DatabaseThreads("live", THREADS, patience_s=PATIENCE_S)


read = Reads()
