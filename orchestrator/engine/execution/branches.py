"""Who is at work in a run, counted exactly, so that a run that only waits can leave its worker.

A branch is one line of execution inside a run: a node, or one of several things a node
does at once. It is live while it works, and rests while it waits for the world, for
other branches, or for a free slot.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


class Branches:
    """The branches of one run. `on_idle` is called whenever none is live any more."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self.live = 0
        self._on_idle = on_idle

    def begin(self) -> "Branch":
        """A new live branch."""
        return Branch(self)

    def changed(self, by: int) -> None:
        self.live += by
        if self.live == 0:
            self._on_idle()


class Deadline:
    """A time limit that stands still while the branch waits for the world."""

    def __init__(self, timeout: asyncio.Timeout, outer: "Deadline | None") -> None:
        self._timeout = timeout
        self._outer = outer
        self._waits = 0
        self._left = 0.0

    def stop(self) -> None:
        when = self._timeout.when()
        if self._waits == 0 and when is not None:
            self._left = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)
        self._waits += 1
        if self._outer is not None:
            self._outer.stop()

    def go_on(self) -> None:
        self._waits -= 1
        if self._waits == 0:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)
        if self._outer is not None:
            self._outer.go_on()


class Branch:
    """One line of execution."""

    __slots__ = ("_branches", "_live", "deadline")

    def __init__(self, branches: Branches, deadline: Deadline | None = None) -> None:
        self._branches = branches
        self._live = False
        self.deadline = deadline
        self.wake()

    def wake(self) -> None:
        if not self._live:
            self._live = True
            self._branches.changed(1)

    def rest(self) -> None:
        if self._live:
            self._live = False
            self._branches.changed(-1)

    def fork(self) -> "Branch":
        return Branch(self._branches, self.deadline)


@asynccontextmanager
async def time_limit(branch: Branch, seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError when the block works longer than `seconds`; waiting does not count."""
    outer = branch.deadline
    async with asyncio.timeout(seconds) as timeout:
        branch.deadline = Deadline(timeout, outer)
        try:
            yield
        finally:
            branch.deadline = outer


async def gather(parent: Branch, works: Sequence[Callable[[Branch], Awaitable[T]]]) -> list[T]:
    """Run all at once, each on a branch of its own, while the parent rests.

    The first failure cancels the others. The last to end hands its place back to the
    parent, so that the count never touches zero in between.
    """
    if not works:
        return []
    left = len(works)
    branches = [parent.fork() for _ in works]
    parent.rest()

    async def one(work: Callable[[Branch], Awaitable[T]], branch: Branch) -> T:
        nonlocal left
        try:
            return await work(branch)
        finally:
            left -= 1
            if left:
                branch.rest()

    tasks = [asyncio.ensure_future(one(work, branch)) for work, branch in zip(works, branches, strict=True)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        parent.wake()
        await asyncio.gather(*tasks, return_exceptions=True)
        for branch in branches:
            branch.rest()


class Slots:
    """At most `size` branches at work; one that waits for the world gives its slot up meanwhile."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._queue: deque[tuple[Branch, asyncio.Future[None]]] = deque()

    async def take(self, branch: Branch) -> None:
        """Wait for a slot; the branch rests until then."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((branch, turn))
        branch.rest()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """Pass the slot on; whoever gets it is live from this moment."""
        while self._queue:
            branch, turn = self._queue.popleft()
            if not turn.done():
                branch.wake()
                turn.set_result(None)
                return
        self._free += 1
