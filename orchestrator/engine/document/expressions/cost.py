"""What evaluating an expression may take, from above: from its tokens and the size of what it sees.

One unit is the work on one token or one value, at most about 0.4 us here. What is cheap is evaluated where it is
needed; a process that can be stopped does the rest, for about 0.5 ms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from orchestrator.engine.document.expressions.expression import ITERATING, Expression, read_expression
from orchestrator.engine.document.expressions.library import OWN
from orchestrator.engine.document.expressions.tokens import Token
from orchestrator.engine.ids import Json

CHEAP: Final = 5_000
"""Units, so at most about 2 ms."""
_COMPILED_IN_PLACE: Final = 250
"""Tokens: the parser takes about 10 us for each, the first time."""
CHARACTERS: Final = 64
"""Characters of text that are handled in the time of one value."""
_QUICK: Final = (
    (OWN - {"matches"})
    | frozenset("charAt indexOf lastIndexOf substring lowerAscii upperAscii trim bool min max sum first last slice reverse join".split())
    | frozenset(f"math.{name}" for name in "greatest least abs sign ceil floor round trunc isNaN isInf isFinite sqrt".split())
)
"""Functions that go over what they are given once."""
_SIMPLE: Final = frozenset({"has", "size", "type", "dyn", "int", "double", "uint", "timestamp", "duration"}) | ITERATING
"""Functions that do not even do that."""


@dataclass(frozen=True, slots=True)
class Size:
    """`values` in all, long texts counted as several; `longest`: of the lists and objects that can be gone through."""

    values: int
    longest: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the tokens alone tell.

    `length`: how much is written; `longest`: of the lists written out; `grown`: how many lists may be put together to one.
    `copies`: how often a value may be read or copied as a whole outside of iterations; `bulky`: whether one may be in each step of them.
    """

    length: int
    longest: int
    grown: int
    iterations: int
    copies: int
    bulky: bool


def is_cheap(expression: Expression, seen: dict[str, Json]) -> bool:
    shape = _shape_of(expression.source)
    if shape is None:
        return False
    size = size_of(list(seen.values()), CHEAP // shape.copies)
    if size is None:
        return False
    steps: int = (max(size.longest, shape.longest) * shape.grown) ** shape.iterations
    in_a_step = size.values + shape.length if shape.bulky else 1
    return shape.length * steps * in_a_step + size.values * shape.copies <= CHEAP


@lru_cache(maxsize=8192)
def _shape_of(source: str) -> _Shape | None:
    """None for what is never cheap."""
    expression = read_expression(source)
    tokens, functions = expression.tokens, expression.functions
    if len(tokens) > _COMPILED_IN_PLACE or not functions <= _QUICK:
        return None
    iterations = sum(name.text in ITERATING and bracket.text == "(" for name, bracket in pairwise(tokens))
    goes_over = not functions <= _SIMPLE or any(_goes_over_values(tokens, index) for index in range(len(tokens)))
    puts_together = any(token.kind == "mark" and token.text in "[{" for token in tokens)
    return _Shape(
        length=len(tokens) + sum(len(token.text) // CHARACTERS for token in tokens),
        longest=1 + sum(token.text == "," for token in tokens),
        grown=1 + sum(token.text == "+" for token in tokens),
        iterations=iterations,
        copies=max(1, len(expression.paths)) if goes_over or puts_together else 1,
        bulky=iterations > 0 and (goes_over or ("map" in functions and not _maps_one_list(expression, iterations))),
    )


def _maps_one_list(expression: Expression, iterations: int) -> bool:
    """Whether what a map gives is made of the parts of one list, so that it holds no more than that."""
    tokens = expression.tokens
    bound = {tokens[index + 2].text for index, token in enumerate(tokens[:-2]) if token.text in ITERATING and tokens[index + 1].text == "("}
    return iterations == 1 and sum(path[0] not in bound for path in expression.paths) <= 1


def _goes_over_values(tokens: Sequence[Token], index: int) -> bool:
    """Whether an operator takes time with the size of its operands: unless one of them is written out beside it."""
    token = tokens[index]
    if token.text in ("+", "in"):
        return True
    if token.text not in ("==", "!="):
        return False
    beside = tokens[max(index - 1, 0) : index + 2 : 2]
    return not any(one.kind in ("text", "number") or one.text in ("true", "false", "null") for one in beside)


def size_of(values: list[Json], most: int) -> Size | None:
    """The size of values together; None when it is more than `most`. Empties the list."""
    count, longest = 0, 1
    while values:
        value = values.pop()
        count += 1
        if isinstance(value, str):
            count += len(value) // CHARACTERS
        elif isinstance(value, list | dict):
            if len(value) > most:
                return None
            longest = max(longest, len(value))
            values.extend(value if isinstance(value, list) else value.values())
        if count > most:
            return None
    return Size(count, longest)
