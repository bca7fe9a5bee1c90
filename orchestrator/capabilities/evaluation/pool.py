"""A few evaluating processes, shared fairly: started when there is work, ended when there has been none for a while.

Each owner (a tenant) has a queue of its own, and the queues take turns. No owner has all of the processes, so
that work without end in one leaves a process to the others.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from orchestrator.capabilities.evaluation.child import Child, Died
from orchestrator.capabilities.evaluation.limits import TookTooMuch, WorkLimits
from orchestrator.engine.ids import Json

PROCESSES: Final = 2
IDLE_S: Final = 30.0


class TooMuchWaiting(Exception):
    """More of an owner's work waits than may wait at once."""


class Unavailable(Exception):
    """No process can be started."""


@dataclass(frozen=True, slots=True)
class _Work:
    owner: str
    function: str
    arguments: list[Json]
    limits: WorkLimits
    answer: Future[Json]


class Pool:
    """Work may be given from any thread."""

    def __init__(self, processes: int = PROCESSES, idle_s: float = IDLE_S) -> None:
        self._most = processes
        self._idle_s = idle_s
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[_Work]] = OrderedDict()
        self._at_work: dict[str, int] = {}
        self._slots = 0
        self._free = 0
        self._children: set[Child] = set()

    def submit(
        self, owner: str, function: Callable[..., Json], *arguments: Json, limits: WorkLimits | None = None, most_waiting: int | None = None
    ) -> Future[Json]:
        """Let a function of ours, named by its module, work on JSON in one of the processes.

        The future raises an EngineError of the function, TookTooMuch, Unavailable. Raises TooMuchWaiting.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        work = _Work(owner, name, list(arguments), limits or WorkLimits(), Future())
        with self._changed:
            queue = self._waiting.setdefault(owner, deque())
            if most_waiting is not None and len(queue) >= most_waiting:
                raise TooMuchWaiting
            queue.append(work)
            if not self._free and self._slots < self._most:
                self._slots += 1
                threading.Thread(target=self._serve, name="evaluation", daemon=True).start()
            self._changed.notify()
        return work.answer

    def end(self) -> None:
        """End every process at once, whatever it is doing, and start none any more: this one ends."""
        self._most = 0
        for child in list(self._children):
            child.stop()

    def _serve(self) -> None:
        """One slot: a thread with a process of its own."""
        child: Child | None = None
        while (work := self._next()) is not None:
            try:
                if not self._most:
                    raise RuntimeError("This process ends")
                if child is None or not child.alive:
                    self._children -= {child}
                    child = Child()
                    self._children.add(child)
                _settle(work, child)
            except Exception as error:  # noqa: BLE001 - or nobody would answer, and this slot be gone
                work.answer.set_exception(Unavailable(f"No process can be started: {error}"))
            finally:
                self._done(work.owner)
        if child is not None:
            self._children.discard(child)
            child.stop()

    def _next(self) -> _Work | None:
        """The next piece of work; None when there was none for so long that the slot is to end."""
        with self._changed:
            while True:
                work = self._take()
                if work is not None:
                    return work
                self._free += 1
                woken = self._changed.wait(self._idle_s)
                self._free -= 1
                if not woken and not self._waiting:
                    self._slots -= 1
                    return None

    def _take(self) -> _Work | None:
        for owner in list(self._waiting):
            if self._at_work.get(owner, 0) < max(1, self._most - 1):
                work = self._first_of(owner)
                if work is not None:
                    self._at_work[owner] = self._at_work.get(owner, 0) + 1
                    return work
        return None

    def _first_of(self, owner: str) -> _Work | None:
        """The first work of an owner that somebody still waits for; the owner's other work goes behind all others'."""
        queue = self._waiting.pop(owner)
        while queue:
            work = queue.popleft()
            if work.answer.set_running_or_notify_cancel():
                if queue:
                    self._waiting[owner] = queue
                return work
        return None

    def _done(self, owner: str) -> None:
        with self._changed:
            left = self._at_work[owner] - 1
            if left:
                self._at_work[owner] = left
            else:
                del self._at_work[owner]
            self._changed.notify()


def _settle(work: _Work, child: Child) -> None:
    try:
        answer = child.ask(work.function, work.arguments, work.limits)
    except Died as error:
        work.answer.set_exception(TookTooMuch(str(error)))
    except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
        work.answer.set_exception(error)
    else:
        work.answer.set_result(answer)
