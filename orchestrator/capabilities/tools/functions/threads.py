"""Threads for functions that are not async, so that none of them holds up the runs of a worker.

A thread cannot be stopped: a function that hangs keeps its thread until the process ends. So there are only so many,
no owner (a tenant) has more than a part of them, and none keeps the process from ending.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

MOST: Final = 64
"""Threads in one process."""
MOST_OF_ONE: Final = 8
"""Of these, those of one owner."""


@dataclass
class _Places:
    """Those of one event loop."""

    all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST))
    of: dict[str, asyncio.Semaphore] = field(default_factory=dict)


_places: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Places]" = WeakKeyDictionary()


class Place:
    """The right to one thread; it is used once."""

    def __init__(self, *held: asyncio.Semaphore) -> None:
        self._loop = asyncio.get_running_loop()
        self._held = held

    async def run(self, function: Callable[[], T]) -> T:
        """What the function gives or raises. Whoever stops waiting leaves the thread to it, and the place is free when it ends."""
        answer: asyncio.Future[T] = self._loop.create_future()
        inside = contextvars.copy_context()
        try:
            threading.Thread(target=inside.run, args=(self._work, function, answer), name="tool", daemon=True).start()
        except RuntimeError:
            self.free()
            raise
        return await answer

    def free(self) -> None:
        for semaphore in self._held:
            semaphore.release()

    def _work(self, function: Callable[[], T], answer: "asyncio.Future[T]") -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits, not to this thread
            self._tell(answer, partial(answer.set_exception, _told(error)))
        else:
            self._tell(answer, partial(answer.set_result, result))

    def _tell(self, answer: "asyncio.Future[T]", settle: Callable[[], None]) -> None:
        def end() -> None:
            self.free()
            if not answer.done():
                settle()

        try:
            self._loop.call_soon_threadsafe(end)
        except RuntimeError:  # the loop has ended, and with it everybody who waited
            return


async def place_for(owner: str) -> Place:
    """Waits until one of the owner's threads is free."""
    places = _places.setdefault(asyncio.get_running_loop(), _Places())
    own = places.of.setdefault(owner, asyncio.Semaphore(MOST_OF_ONE))
    await own.acquire()
    try:
        await places.all.acquire()
    except BaseException:
        own.release()
        raise
    return Place(own, places.all)


def _told(error: BaseException) -> Exception:
    """A future takes no StopIteration, and what would end the process ends the call only."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")
