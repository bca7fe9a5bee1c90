"""Who is at work in a run, counted exactly, so that a run that only waits can leave its worker.

A branch is one line of execution inside a run: a node, or one of several things a node
does at once. It rests while it waits for the world, for the branches below it, or for a slot.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

Then = Callable[[], None]

GRACE_S = 0.05
"""How long code that has several calls under way, and was just given a result, may take until its next call."""


class Slots:
    """At most `size` branches at work at once. The others wait in line."""

    def __init__(self, size: int) -> None:
        self.free = size
        self._line: deque[Then] = deque()
        self._passing_on = False

    def take(self, then: Then) -> None:
        """Call `then` once it is its turn: at once when a slot is free."""
        self._line.append(then)
        self._pass_on()

    def give_back(self) -> None:
        self.free += 1
        self._pass_on()

    def _pass_on(self) -> None:
        if self._passing_on:
            return
        self._passing_on = True
        try:
            while self.free and self._line:
                self.free -= 1
                self._line.popleft()()
        finally:
            self._passing_on = False


class Deadline:
    """A time limit that stands still while its branch rests."""

    __slots__ = ("_left", "_timeout")

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._timeout = timeout
        self._left: float | None = None

    def stand_still(self) -> None:
        when = self._timeout.when()
        if when is not None and not self._timeout.expired():
            self._left = when - asyncio.get_running_loop().time()
            self._timeout.reschedule(None)

    def go_on(self) -> None:
        if self._left is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._left)
            self._left = None


class Branch:
    """One line of execution, and all that branches off it.

    `at_work` counts its own code and the branches below it that are at work. When the last of
    them rests, its deadlines stand still, its slot goes to the next in line, and its parent
    loses one at work. Before the first of them goes on, all of that is taken again; for a slot
    that may mean to wait in line. Nobody else gives back or takes any of the three.

    Code may make several calls at once: it rests while all of them rest.
    """

    __slots__ = (
        "_calls",
        "_deadlines",
        "_ended",
        "_entering",
        "_has_slot",
        "_on_rest",
        "_own",
        "_parent",
        "_resting",
        "_slots",
        "at_work",
    )

    def __init__(self, parent: "Branch | None" = None, slots: Slots | None = None, on_rest: Then | None = None) -> None:
        self._parent = parent
        self._slots = slots
        self._on_rest = on_rest
        self._has_slot = False
        self.at_work = 0
        self._own = False
        self._ended = False
        self._calls = 0
        self._resting = 0
        self._entering: list[Then] = []
        self._deadlines: list[Deadline] = []

    def begin(self, then: Then) -> None:
        """Let its code begin: `then` is called as soon as there is a slot for it."""

        def begun() -> None:
            self._own = True
            then()

        self._enter(begun)

    def end(self) -> None:
        """Its code has ended. A call that it left behind counts no more."""
        self._ended = True
        if self._own:
            self._own = False
            self._leave()

    def call(self) -> "Call":
        """Something its code does and waits for."""
        return Call(self)

    @asynccontextmanager
    async def resting(self) -> AsyncIterator["Rest"]:
        """Give back live count, deadlines and slot; take them again together. The block waits for `rest.over`."""
        rest = Rest(self)
        self._resting += 1
        self._rest_if_all_rest()
        try:
            yield rest
        finally:
            if not rest.over.done() or rest.over.cancelled():  # torn out of it: the code goes on at once, without a slot
                self._resting -= 1
                rest.over.cancel()
                self._go_on_at_once()

    @asynccontextmanager
    async def limited(self, seconds: float) -> AsyncIterator[None]:
        """Raises TimeoutError when the block is at work for longer than `seconds`."""
        async with asyncio.timeout(seconds) as timeout:
            deadline = Deadline(timeout)
            self._deadlines.append(deadline)
            try:
                yield
            finally:
                self._deadlines.remove(deadline)

    def _rest_if_all_rest(self) -> None:
        if self._own and self._resting >= max(self._calls, 1):
            self._own = False
            self._leave()

    def _rest_after_grace(self) -> None:
        if self._calls:
            self._rest_if_all_rest()

    def _go_on_at_once(self) -> None:
        if not self._own:
            self._own = True
            self._enter_without_slot()

    def _enter(self, then: Then) -> None:
        """One more at work; `then` is called when that is so."""
        if self.at_work:
            self.at_work += 1
            then()
            return
        self._entering.append(then)
        if len(self._entering) > 1:
            return
        if self._slots is None:
            self._seated()
        else:
            self._slots.take(self._seated)

    def _seated(self) -> None:
        self._has_slot = self._slots is not None
        if self._parent is None:
            self._set_to_work()
        else:
            self._parent._enter(self._set_to_work)

    def _set_to_work(self) -> None:
        waiting, self._entering = self._entering, []
        if self.at_work and self._parent is not None:  # torn out of a rest meanwhile: it counts in the parent already
            self._parent._leave()
        self.at_work += len(waiting)
        for deadline in self._deadlines:
            deadline.go_on()
        for then in waiting:
            then()

    def _enter_without_slot(self) -> None:
        if not self.at_work:
            if self._parent is not None:
                self._parent._enter_without_slot()
            for deadline in self._deadlines:
                deadline.go_on()
        self.at_work += 1

    def _leave(self) -> None:
        self.at_work -= 1
        if self.at_work:
            return
        for deadline in self._deadlines:
            deadline.stand_still()
        if self._has_slot and self._slots is not None:
            self._has_slot = False
            self._slots.give_back()
        if self._parent is not None:
            self._parent._leave()
        elif self._on_rest is not None:
            self._on_rest()


class Rest:
    """A branch at rest. `over` is resolved when the branch has all that it needs to go on."""

    __slots__ = ("_branch", "_ended", "over")

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._ended = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        """Wake the branch. It is at work from this moment, or from when it gets a slot: the run is not taken for idle."""
        if not self._ended:
            self._ended = True
            if not self.over.done():
                self._branch._enter(self._go_on)

    def _go_on(self) -> None:
        branch = self._branch
        if self.over.done() or branch._own or branch._ended:  # nobody waits, or it was woken twice: one count is enough
            branch._leave()
        else:
            branch._own = True
        if not self.over.done():
            branch._resting -= 1
            self.over.set_result(None)


class Call:
    """A call that the code of a branch makes. Several at once are legal."""

    __slots__ = ("_branch",)

    def __init__(self, branch: Branch) -> None:
        self._branch = branch

    async def __aenter__(self) -> None:
        branch = self._branch
        branch._calls += 1
        if not branch._own:
            async with branch.resting() as rest:
                rest.end()
                await rest.over

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        branch = self._branch
        branch._calls -= 1
        if branch._calls:
            asyncio.get_running_loop().call_later(GRACE_S, branch._rest_after_grace)


class Crew:
    """Branches at work side by side for a parent, which rests until all have ended or one has failed."""

    def __init__(self, parent: Branch) -> None:
        self._parent = parent
        self._left = 0
        self._tasks: set[asyncio.Future[Any]] = set()
        self._rest: Rest | None = None
        self._failure: BaseException | None = None
        self._closed = False

    def add(self, work: Callable[[Branch], Awaitable[object]], slots: Slots | None = None) -> None:
        """Let `work` begin on a branch of its own, as soon as there is a slot for it."""
        self._left += 1
        branch = Branch(self._parent, slots)
        branch.begin(partial(self._begin, work, branch))

    async def join(self) -> None:
        """Return when all have ended. The first failure ends the others and is raised."""
        try:
            if self._left and self._failure is None:
                async with self._parent.resting() as rest:
                    self._rest = rest
                    await rest.over
        finally:
            self._closed = True
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def _begin(self, work: Callable[[Branch], Awaitable[object]], branch: Branch) -> None:
        if self._closed:
            branch.end()
            return
        task = asyncio.ensure_future(work(branch))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, branch))

    def _ended(self, branch: Branch, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        self._left -= 1
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._failure = self._failure or failure
        if self._rest is not None and (failure is not None or not self._left):
            self._rest.end()  # before the branch rests, so that the run is not taken for idle
        branch.end()


async def gather(parent: Branch, works: Sequence[Callable[[Branch], Awaitable[T]]], slots: Slots | None = None) -> list[T]:
    """Run all at once, each on a branch of its own, at most as many at work as there are slots.

    The first failure ends the others and is raised.
    """
    results: dict[int, T] = {}

    async def one(index: int, work: Callable[[Branch], Awaitable[T]], branch: Branch) -> None:
        results[index] = await work(branch)

    crew = Crew(parent)
    for index, work in enumerate(works):
        crew.add(partial(one, index, work), slots)
    await crew.join()
    return [results[index] for index in range(len(works))]


def time_limit(branch: Branch, seconds: float) -> AbstractAsyncContextManager[None]:
    """Raises TimeoutError when the block is at work for longer than `seconds`; rest does not count."""
    return branch.limited(seconds)
