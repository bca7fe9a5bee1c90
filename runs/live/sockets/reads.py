"""Threads on which the sockets read the database: one slow query leaves the others free."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 6


class Reads:
    """A few threads, each with a connection of its own."""

    def __init__(self) -> None:
        self._pool = _threads()

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(_fresh, function, *args, **kwargs))

    def stop(self) -> None:
        """Close every thread's connection, then end the threads; the next read begins new ones."""
        together = Barrier(THREADS)
        for _ in range(THREADS):
            self._pool.submit(_close, together)
        self._pool.shutdown()
        self._pool = _threads()


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="live")


def _fresh(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    return function(*args, **kwargs)


def _close(together: Barrier) -> None:
    together.wait()  # so that each thread takes one of these
    connection.close()


read = Reads()
