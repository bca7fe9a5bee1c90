"""In which order an expression goes through an object: in that of its keys, the same each time.

CEL says none, and its library takes another one at each evaluation. What is made of a run's values must be the same
when a worker takes the run over, so where an object may be gone through, its keys are put in order first, and where
one may be added to a list, it is refused.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.document.expressions.library import ORDERED, REFUSED
from orchestrator.engine.document.expressions.operands import operand_end, operand_start, other_bracket
from orchestrator.engine.document.expressions.tokens import Token
from orchestrator.engine.ids import Json

_LISTS: Final = frozenset({"map", "filter", "split"})
"""Functions that give a list, whatever they are given."""
_NO_OBJECTS: Final = _LISTS | frozenset(
    "size string int double join replace substring trim lowerAscii upperAscii quote reverse sort distinct".split()
)
"""Functions that never give an object."""
_IT: Final = "it_"
"""The value at a place. No name of people's hides it: what stands at the place is evaluated outside of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tokens from `start` to `end` may give an object; `instead` is taken then. `path` leads there from a variable on, where it does.

    All else is left as it is, and never made a value of Python: unsigned numbers would come back as others.
    """

    start: int
    end: int
    instead: str
    path: tuple[str, ...]


def places(tokens: Sequence[Token], iterating: frozenset[str]) -> tuple[Place, ...]:
    """Where the order of an object's keys could show."""
    receivers = [(operand_start(tokens, end), end) for end in _ends(tokens, iterating) if not _is_call(tokens, end, _LISTS)]
    addends = [(start, end) for start, end in _addends(tokens) if not _is_call(tokens, end, _NO_OBJECTS)]
    instead = [(each, f"{_IT}.{ORDERED}()") for each in receivers] + [(each, f"{REFUSED}()") for each in addends]
    return tuple(Place(start, end, put, _path_to(tokens, end)) for (start, end), put in instead if not _is_written_out(tokens, start, end))


def may_be_objects(found: Iterable[Place], seen: dict[str, Json]) -> bool:
    """Whether an object stands at one of the places, or what stands there is known only when it is evaluated."""
    return any(not place.path or place.path[0] not in seen or isinstance(_value_at(place.path, seen), dict) for place in found)


def ordered_source(tokens: Sequence[Token], found: Iterable[Place]) -> str:
    """The expression in which no order shows but that of the keys."""
    before, after = [""] * len(tokens), [""] * len(tokens)
    for place in found:
        before[place.start] += "["
        after[place.end] += f"].map({_IT}, type({_IT}) == type({{}}) ? {place.instead} : {_IT})[0]"
    return " ".join(before[index] + token.text + after[index] for index, token in enumerate(tokens))


def depth_in_order(tokens: Sequence[Token], found: Sequence[Place]) -> int:
    """How deep brackets stand inside each other when what may be an object stands in one of its own."""
    deeper, flatter = Counter(place.start for place in found), Counter(place.end for place in found)
    deepest = depth = 0
    for index, token in enumerate(tokens):
        depth += deeper[index] + token.opens
        deepest = max(deepest, depth)
        depth -= flatter[index] + token.closes
    return deepest


def _ends(tokens: Sequence[Token], iterating: frozenset[str]) -> Iterator[int]:
    """The last token before each `.map(` and the like."""
    for index in range(2, len(tokens) - 1):
        dot, name, bracket = tokens[index - 1 : index + 2]
        if name.kind == "name" and name.text in iterating and dot.is_mark(".") and bracket.is_mark("("):
            yield index - 2


def _addends(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where what follows each plus begins and ends, but for what is negated."""
    for index, plus in enumerate(tokens[:-1]):
        if plus.is_mark("+") and (tokens[index + 1].kind != "mark" or tokens[index + 1].opens):
            yield index + 1, operand_end(tokens, index + 1)


def _is_call(tokens: Sequence[Token], end: int, names: frozenset[str]) -> bool:
    """Whether it ends with a call of one of these functions."""
    called = other_bracket(tokens, end) - 1
    return tokens[end].is_mark(")") and called >= 0 and tokens[called].kind == "name" and tokens[called].text in names


def _is_written_out(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether a list, a text or a number stands there as such."""
    return other_bracket(tokens, start) == end and (tokens[start].is_mark("[") or tokens[start].kind in ("text", "number"))


def _path_to(tokens: Sequence[Token], end: int) -> tuple[str, ...]:
    path: list[str] = []
    index = end
    while index >= 0 and tokens[index].kind == "name":
        path.insert(0, tokens[index].text)
        if index < 2 or not tokens[index - 1].is_mark("."):
            return tuple(path)
        index -= 2
    return ()


def _value_at(path: tuple[str, ...], seen: dict[str, Json]) -> Json:
    value: Json = seen
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
