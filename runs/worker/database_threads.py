"""Threads on which the worker's loop has database work done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

from tenants.isolation.scope import system_scope

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads:
    """A few threads, each with its own connection, that work for the platform."""

    def __init__(self, name: str, size: int = 1) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._size = size

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = partial(_in_system, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def stop(self) -> None:
        """Close every thread's connection, then end the threads."""
        together = Barrier(self._size)
        for _ in range(self._size):
            self._pool.submit(_close, together)
        self._pool.shutdown()


def _close(together: Barrier) -> None:
    together.wait()  # so that each thread takes one of these
    connection.close()


def _in_system(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    with system_scope():
        return function(*args, **kwargs)
