"""How a failed expression is told: which one, why, and what to do about it."""

import re
from collections.abc import Iterable, Sequence

from orchestrator.engine.document.expressions.library import ADDED, OWN
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json

_UNDEFINED = re.compile(r"Undefined variable or function: '(\w+)'")
_FUNCTION_FAILED = re.compile(
    r"Function '([\w.]+)' error: (?:Python function call failed: (\w+): )?(.+?)(?:\. Check function arguments.*)?", re.DOTALL
)
_OF_PYTHON = frozenset({"TypeError", "AttributeError"})
"""What they say is about the function's insides."""
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
    told = str(error)
    failed_in = _FUNCTION_FAILED.fullmatch(told)
    if failed_in:
        name, kind, why = failed_in.groups()
        return _of_function(name, kind, why, values)
    missing = _UNDEFINED.match(told)
    if missing:
        name = missing.group(1)
        return _not_taken(name, values) if name in OWN or name in ADDED else no_variable(name, known)
    told = told.split(". ")[0]
    return f"{told}{_shown(values)}" if "overload" in told else told


def _of_function(name: str, kind: str | None, why: str, values: Sequence[tuple[str, Json]]) -> str:
    """Why an added function failed; those whose names end as no name of the language does are told by their words alone."""
    if kind in _OF_PYTHON:
        return _not_taken(name, values)
    return why if name.endswith("_") else f"{name}: {why.removeprefix(f'{name}: ')}"


def _not_taken(function: str, values: Sequence[tuple[str, Json]]) -> str:
    return f"{function} does not take what it was given{_shown(values)}"


def _shown(values: Sequence[tuple[str, Json]]) -> str:
    return f" ({', '.join(f'{path} is {describe(value)}' for path, value in values[:_TYPES_SHOWN])})" if values else ""


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
