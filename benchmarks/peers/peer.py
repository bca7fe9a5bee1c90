"""What is asked of another system, the same of each."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec

Invoke = Callable[[int], int]
"""Runs a graph on a number and answers with its result."""
Converse = Callable[[str], Awaitable[str]]
"""Has an agent work on a task to its end and answers with its last words."""

INSTRUCTIONS = "Be brief."


@dataclass(frozen=True, slots=True)
class Peer:
    """One system. A work is None where the system does not do it, or where a package that it needs is not installed."""

    name: str
    in_memory: Callable[[str, int], Invoke] | None = None
    """Of a shape and a size: the graph, nothing kept."""
    durable: Callable[[str, int], AbstractContextManager[Invoke]] | None = None
    """The same graph, each step in SQLite before the next begins."""
    agent: Callable[[str, str, str], Converse] | None = None
    """Of the base address, key and name of a model: an agent with the calculator, for conversations on one event loop."""


async def calculator(expression: str) -> str:
    """Evaluate"""
    return '{"result": 5}'


def present(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it would lie in
        return False
