"""Contenders measured in turns, so that a noisy machine is as unkind to one as to the other."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Timed = Callable[[], float]
"""Does the work once and returns what it took."""


def race(contenders: Mapping[str, Timed], rounds: int) -> dict[str, float]:
    """The median of each, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, contender in contenders.items():
            gc.collect()
            result = contender()
            if turn:
                taken[name].append(result)
    return {name: statistics.median(results) for name, results in taken.items()}


def timed(work: Callable[[], object]) -> Timed:
    """Seconds that `work` takes on the clock on the wall."""
    return lambda: _taken(work, time.perf_counter)


def computed(work: Callable[[], object]) -> Timed:
    """Seconds of processor time: for what only computes, that is the same on an idle machine and fairer on a busy one."""
    return lambda: _taken(work, time.process_time)


def _taken(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
