"""In which order an expression goes through an object: in that of its keys, the same each time.

CEL says none, and its library takes another one at each evaluation. What is made of a run's values must be the same
when a worker takes the run over, so where an object may be gone through, its keys are put in order first, and where
one may be added to a list, it is refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.document.expressions.library import ADDEND, ORDERED
from orchestrator.engine.document.expressions.tokens import Token
from orchestrator.engine.ids import Json

_LISTS: Final = frozenset({"map", "filter", "split"})
"""Functions that give a list, whatever they are given."""
_NO_OBJECTS: Final = _LISTS | frozenset(
    "size string int double join replace substring trim lowerAscii upperAscii quote reverse sort distinct".split()
)
"""Functions that never give an object."""
_OPENS: Final = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which token something may be an object, what is put there, and its path from a variable on; no path where it is none."""

    end: int
    put: str
    path: tuple[str, ...]


def places(tokens: Sequence[Token], iterating: frozenset[str]) -> tuple[Place, ...]:
    """Where the order of an object's keys could show."""
    gone_through = [Place(end, ORDERED, _path_to(tokens, end)) for end in _ends(tokens, iterating) if not _is_call(tokens, end, _LISTS)]
    addends = [Place(end, ADDEND, _path_to(tokens, end)) for end in _addends(tokens) if not _is_call(tokens, end, _NO_OBJECTS)]
    return (*gone_through, *addends)


def may_be_objects(found: Iterable[Place], seen: dict[str, Json]) -> bool:
    """Whether an object stands at one of the places, or what stands there is known only when it is evaluated."""
    return any(not place.path or place.path[0] not in seen or isinstance(_value_at(place.path, seen), dict) for place in found)


def ordered_source(tokens: Sequence[Token], found: Iterable[Place]) -> str:
    """The expression in which no order shows but that of the keys."""
    put: dict[int, str] = {}
    for place in found:
        put[place.end] = f"{put.get(place.end, '')} . {place.put} ( )"
    return " ".join(f"{token.text}{put.get(index, '')}" for index, token in enumerate(tokens))


def _ends(tokens: Sequence[Token], iterating: frozenset[str]) -> Iterator[int]:
    """The last token before each `.map(` and the like."""
    for index in range(2, len(tokens) - 1):
        dot, name, bracket = tokens[index - 1 : index + 2]
        if name.kind == "name" and name.text in iterating and _is(dot, ".") and _is(bracket, "("):
            yield index - 2


def _addends(tokens: Sequence[Token]) -> Iterator[int]:
    """The last token of what follows each plus, but of texts and numbers."""
    for index, plus in enumerate(tokens[:-1]):
        first = tokens[index + 1]
        if _is(plus, "+") and (first.kind == "name" or (first.kind == "mark" and first.text in _OPENS)):
            yield _operand_end(tokens, index + 1)


def _operand_end(tokens: Sequence[Token], start: int) -> int:
    """The last token of the operand that begins at `start`: a name or what stands in brackets, and what is read or called of it."""
    end = _closing(tokens, start)
    while end + 1 < len(tokens):
        after = tokens[end + 1]
        if _is(after, ".") and end + 2 < len(tokens):
            end += 2
        elif _is(after, "(") or _is(after, "["):
            end = _closing(tokens, end + 1)
        else:
            break
    return end


def _closing(tokens: Sequence[Token], start: int) -> int:
    """Where the bracket that opens at `start` closes; `start` itself where none does."""
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        depth += token.kind == "mark" and token.text in _OPENS
        depth -= token.kind == "mark" and token.text in _OPENS.values()
        if depth == 0:
            return index
    return len(tokens) - 1


def _is_call(tokens: Sequence[Token], end: int, names: frozenset[str]) -> bool:
    """Whether it ends with a call of one of these functions."""
    if not _is(tokens[end], ")"):
        return False
    depth = 0
    for index in range(end, 0, -1):
        depth += _is(tokens[index], ")") - _is(tokens[index], "(")
        if depth == 0:
            return tokens[index - 1].kind == "name" and tokens[index - 1].text in names
    return False


def _path_to(tokens: Sequence[Token], end: int) -> tuple[str, ...]:
    path: list[str] = []
    index = end
    while index >= 0 and tokens[index].kind == "name":
        path.insert(0, tokens[index].text)
        if index < 2 or not _is(tokens[index - 1], "."):
            return tuple(path)
        index -= 2
    return ()


def _value_at(path: tuple[str, ...], seen: dict[str, Json]) -> Json:
    value: Json = seen
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is(token: Token, mark: str) -> bool:
    return token.kind == "mark" and token.text == mark
