"""How a failed expression is told: which one, why, and what to do about it."""

import re
from collections.abc import Iterable, Sequence

from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json

_UNDEFINED = re.compile(r"Undefined variable or function: '(\w+)'")
_TYPES_SHOWN = 6


def failed(source: str, why: str) -> ExpressionFailed:
    return ExpressionFailed(
        f"Expression `{source[:200]}` failed: {why}",
        cure="Correct the expression, or test with has(...) before a value is read that may be missing.",
    )


def unreadable(source: str, why: str) -> ExpressionFailed:
    return ExpressionFailed(
        f"Expression `{source[:200]}` cannot be read: {why}",
        cure="Write a CEL expression, such as input.score > 0.8 or nodes.classify.out.label == 'billing'.",
    )


def first_fault(error: Exception, source: str) -> str:
    """What the parser says of the first of its faults: it tells them all, after the expression itself, each with a drawing of its place."""
    faults = str(error).removeprefix(f"Failed to parse expression '{source}': ").removeprefix("ERROR:")
    return faults.split("\n")[0].strip()


def cause(error: Exception, known: Iterable[str], values: Sequence[tuple[str, Json]]) -> str:
    """Why evaluation failed. `values` are those that the expression names, by the paths under which it names them."""
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r}"
    missing = _UNDEFINED.match(str(error))
    if missing:
        return no_variable(missing.group(1), known)
    told = str(error).split(". ")[0]
    if "overload" not in told or not values:
        return told
    return f"{told} ({', '.join(f'{path} is {describe(value)}' for path, value in values[:_TYPES_SHOWN])})"


def no_variable(name: str, known: Iterable[str]) -> str:
    return f"there is no variable {name!r}; there are {', '.join(sorted(known))}"


def no_field(name: str, known: Iterable[str]) -> str:
    return f"there is no {name!r}; there are {', '.join(sorted(known)[:12]) or 'no fields'}"


def describe(value: Json) -> str:
    """A value's type in plain words."""
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names[type(value)]
