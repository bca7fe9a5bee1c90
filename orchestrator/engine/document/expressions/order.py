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
from orchestrator.engine.document.expressions.tokens import Token
from orchestrator.engine.ids import Json

_LISTS: Final = frozenset({"map", "filter", "split"})
"""Functions that give a list, whatever they are given."""
_NO_OBJECTS: Final = _LISTS | frozenset(
    "size string int double join replace substring trim lowerAscii upperAscii quote reverse sort distinct".split()
)
"""Functions that never give an object."""
_WORDS: Final = frozenset({"in", "true", "false", "null"})
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
    receivers = [(_operand_start(tokens, end), end) for end in _ends(tokens, iterating) if not _is_call(tokens, end, _LISTS)]
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
        depth += deeper[index] + _opens(token)
        deepest = max(deepest, depth)
        depth -= flatter[index] + _closes(token)
    return deepest


def _ends(tokens: Sequence[Token], iterating: frozenset[str]) -> Iterator[int]:
    """The last token before each `.map(` and the like."""
    for index in range(2, len(tokens) - 1):
        dot, name, bracket = tokens[index - 1 : index + 2]
        if name.kind == "name" and name.text in iterating and _is(dot, ".") and _is(bracket, "("):
            yield index - 2


def _addends(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where what follows each plus begins and ends, but for what is negated."""
    for index, plus in enumerate(tokens[:-1]):
        if _is(plus, "+") and (tokens[index + 1].kind != "mark" or _opens(tokens[index + 1])):
            yield index + 1, _operand_end(tokens, index + 1)


def _operand_end(tokens: Sequence[Token], start: int) -> int:
    """The last token of what begins at `start`: a name or what stands in brackets, and what is read or called of it."""
    end = _other_bracket(tokens, start)
    while end + 1 < len(tokens):
        after = tokens[end + 1]
        if _is(after, ".") and end + 2 < len(tokens):
            end += 2
        elif _is(after, "(") or _is(after, "["):
            end = _other_bracket(tokens, end + 1)
        else:
            break
    return end


def _operand_start(tokens: Sequence[Token], end: int) -> int:
    """The first token of what ends at `end`."""
    start = _other_bracket(tokens, end)
    while start > 0:
        before, first = tokens[start - 1], tokens[start]
        if _is(before, "."):
            start = _other_bracket(tokens, start - 2)
        elif (_is(first, "(") and _names(before)) or (_is(first, "[") and (_names(before) or _closes(before) or before.kind == "text")):
            start = _other_bracket(tokens, start - 1)
        else:
            break
    return start


def _other_bracket(tokens: Sequence[Token], index: int) -> int:
    """Where the bracket that opens or closes there does the other; the place itself where none does."""
    step = -1 if _closes(tokens[index]) else 1
    depth, place = 0, index
    while 0 <= place < len(tokens):
        depth += _opens(tokens[place]) - _closes(tokens[place])
        if depth == 0:
            return place
        place += step
    return index


def _opens(token: Token) -> bool:
    return token.kind == "mark" and token.text in "([{"


def _closes(token: Token) -> bool:
    return token.kind == "mark" and token.text in ")]}"


def _names(token: Token) -> bool:
    return token.kind == "name" and token.text not in _WORDS


def _is_call(tokens: Sequence[Token], end: int, names: frozenset[str]) -> bool:
    """Whether it ends with a call of one of these functions."""
    called = _other_bracket(tokens, end) - 1
    return _is(tokens[end], ")") and called >= 0 and tokens[called].kind == "name" and tokens[called].text in names


def _is_written_out(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether a list, a text or a number stands there as such."""
    return _other_bracket(tokens, start) == end and (_is(tokens[start], "[") or tokens[start].kind in ("text", "number"))


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
