"""In which order an expression goes through an object: in that of its keys, the same each time.

CEL says none, and its library takes another one at each evaluation. What is made of a run's values must be the same
when a worker takes the run over, so where an object may be gone through, its keys are put in order first.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from orchestrator.engine.document.expressions.library import ORDERED
from orchestrator.engine.document.expressions.tokens import Token
from orchestrator.engine.ids import Json

_LISTS: Final = frozenset({"map", "filter", "split"})
"""Functions that give a list, whatever they are given."""
_PUT: Final = (Token("mark", "."), Token("name", ORDERED), Token("mark", "("), Token("mark", ")"))


def receivers(tokens: Sequence[Token], iterating: frozenset[str]) -> dict[int, tuple[str, ...]]:
    """What is gone through and may be an object: where it ends, and its path from a variable on; no path where it is none."""
    return {end: _path_to(tokens, end) for end in _ends(tokens, iterating) if not _is_list(tokens, end)}


def may_be_objects(paths: Iterable[tuple[str, ...]], seen: dict[str, Json]) -> bool:
    """Whether one of the receivers is an object, or is known only when it is evaluated."""
    return any(not path or path[0] not in seen or isinstance(_value_at(path, seen), dict) for path in paths)


def ordered_source(tokens: Sequence[Token], ends: Collection[int]) -> str:
    """The expression, with the keys of what it goes through in order."""
    parts: list[str] = []
    for index, token in enumerate(tokens):
        parts.append(token.text)
        if index in ends:
            parts += [put.text for put in _PUT]
    return " ".join(parts)


def _ends(tokens: Sequence[Token], iterating: frozenset[str]) -> Iterator[int]:
    """The last token before each `.map(` and the like."""
    for index in range(2, len(tokens) - 1):
        dot, name, bracket = tokens[index - 1 : index + 2]
        if name.kind == "name" and name.text in iterating and _is(dot, ".") and _is(bracket, "("):
            yield index - 2


def _is_list(tokens: Sequence[Token], end: int) -> bool:
    """Whether it ends with a call of a function that gives a list."""
    if not _is(tokens[end], ")"):
        return False
    depth = 0
    for index in range(end, 0, -1):
        depth += _is(tokens[index], ")") - _is(tokens[index], "(")
        if depth == 0:
            return tokens[index - 1].kind == "name" and tokens[index - 1].text in _LISTS
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
