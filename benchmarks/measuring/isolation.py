"""Each measurement in a process of its own, so that none pays for what another imported."""

import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.measuring.figure import Figure


def alone(name: str, *, quick: bool) -> list[Figure]:
    """The figures of `benchmarks.<name>`."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, name, quick).result()


def _measure(name: str, quick: bool) -> list[Figure]:
    found: list[Figure] = importlib.import_module(f"benchmarks.{name}").measure(quick=quick)
    return found
