"""The CEL library without its command line, whose import takes 0.4 s and 28 MB in every process, and its functions."""

import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Final

from orchestrator.engine.ids import Json

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402 - after its command line was put aside
from cel import stdlib  # noqa: E402

logging.getLogger("cel").setLevel(logging.CRITICAL)
"""It would write a warning for each function that is given what it does not take."""

__all__ = ["ADDED", "MAX_TEXT", "ORDERED", "OWN", "REFUSED", "cel", "context_of"]

MAX_TEXT: Final = 1_000_000
"""Characters that one text may grow to."""

OWN: Final = frozenset(
    "size has all exists exists_one map filter string int double uint type startsWith endsWith contains matches timestamp duration".split()
) | {"dyn", "bytes"}
"""What the language has itself."""


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise ValueError(f"replace would make a text of over {MAX_TEXT} characters")
    return text.replace(old, new)


def _in_order(function: Callable[..., object]) -> Callable[..., object]:
    """The function, which is given objects in the order of their keys: CEL gives them in another one each time."""

    def given(*arguments: object) -> object:
        return function(*[dict(sorted(each.items(), key=_by_key)) if isinstance(each, dict) else each for each in arguments])

    return given


def _by_key(item: tuple[object, object]) -> str:
    return str(item[0])


_TAKEN = {name: function for name, function in stdlib.STDLIB_FUNCTIONS.items() if name != "lists.range"} | {"replace": _replace}
ADDED: Final = {name: _in_order(function) for name, function in _TAKEN.items()}
"""The library's functions but range, which makes much out of little; replace is bounded here."""

ORDERED: Final = "ordered_"
"""Gives what CEL goes through of an object, its keys, in their order. Ends as no function of the language does."""
REFUSED: Final = "refused_"
"""Stands in place of an object that is added to something."""


def _ordered(value: dict[object, object]) -> list[object]:
    return sorted(value, key=str)


def _refused() -> object:
    raise ValueError("an object cannot be added; add the list of its keys, input.map(key, key), or put it in brackets, [input]")


def context_of(seen: dict[str, Json]) -> cel.Context:
    """The variables with the added functions."""
    context = cel.Context(seen)
    for name, function in ADDED.items():
        context.add_function(name, function)
    context.add_function(ORDERED, _ordered)
    context.add_function(REFUSED, _refused)
    return context
