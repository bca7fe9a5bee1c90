"""An expression, read as far as its tokens: how large it is, what it refers to, what it calls.

That much is known without the parser, so that what would take it long is never given to it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from orchestrator.engine.document.expressions.failures import describe as described
from orchestrator.engine.document.expressions.failures import failed, first_fault, no_field, no_variable, unreadable
from orchestrator.engine.document.expressions.library import OWN, cel
from orchestrator.engine.document.expressions.order import Place, depth_in_order, ordered_source, places
from orchestrator.engine.document.expressions.tokens import NoToken, Token, calls_inside, depth_of, tokens_of
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json

MAX_SOURCE: Final = 10_000
MAX_TOKENS: Final = 2_000
"""The parser takes about 10 us for each."""
MAX_DEPTH: Final = 64
"""The parser takes 95, and a few stand around what may be an object."""
MAX_ITERATIONS: Final = 2
"""map in map in map over a long list would take hours; a map node has limits of its own."""
_SHORT: Final = 500
"""Characters: of longer ones not many are kept, because of their size."""

ITERATING: Final = frozenset({"map", "filter", "all", "exists", "exists_one"})
_CONSTANTS: Final = frozenset({"true", "false", "null"})
_WORDS: Final = _CONSTANTS | {"in"}

Reads = Mapping[str, "Reads"]
"""Fields by name, each with what is read below it; nothing below: all of it."""


@dataclass(frozen=True)
class Expression:
    """`paths` are the fields that it reads, as far as they are written with dots, each from its variable on; `reads` has them as a tree.

    `places` are where the order of an object's keys could show.
    """

    source: str
    tokens: tuple[Token, ...]
    functions: frozenset[str]
    plain_path: tuple[str, ...] | None
    paths: tuple[tuple[str, ...], ...]
    reads: Reads
    places: tuple[Place, ...]

    @cached_property
    def program(self) -> cel.Program:
        """Raises ExpressionFailed with the position of the first fault."""
        try:
            return cel.compile(self.source)
        except Exception as error:  # noqa: BLE001 - the parser's own error types are private
            raise unreadable(self.source, first_fault(error, self.source)) from None

    @cached_property
    def in_order(self) -> cel.Program:
        """The program in which no order shows but that of the keys."""
        _ = self.program  # a fault of it is told by its own positions
        return cel.compile(ordered_source(self.tokens, self.places))

    @cached_property
    def extended(self) -> bool:
        """Whether it needs more than what the language has itself."""
        return not self.functions <= OWN

    def seen(self, variables: Variables) -> dict[str, Json]:
        """What it reads of the variables. Names that are none are bound inside, as in map(x, ...)."""
        known = variables.known()
        return {name: _part(self._root(variables, name), below) for name, below in self.reads.items() if name in known}

    def look_up(self, variables: Variables) -> Json:
        """The value of a plain path. Raises ExpressionFailed where it leads nowhere."""
        path = self.plain_path
        assert path is not None
        members = variables.members(path[0]) if len(path) > 1 else None
        if members is None:
            value, rest = self._root(variables, path[0]), path[1:]
        elif path[0] == "nodes" or path[1] in members.names():
            value, rest = members.of(path[1]), path[2:]
        else:
            raise failed(self.source, no_field(path[1], members.names()))
        for name in rest:
            if not isinstance(value, dict):
                raise failed(self.source, f"{name!r} was looked up in {described(value)}, which has no fields")
            if name not in value:
                raise failed(self.source, no_field(name, value))
            value = value[name]
        return value

    def _root(self, variables: Variables, name: str) -> Json:
        members = variables.members(name)
        if members is not None:
            named = self.reads[name]
            if not named:
                names = members.names()
            else:
                names = sorted(named) if name == "nodes" else [member for member in members.names() if member in named]
            return {member: members.of(member) for member in names}
        if name not in variables.values:
            raise failed(self.source, no_variable(name, variables.known()))
        return variables.values[name]


def read_expression(source: str) -> Expression:
    """Read the tokens of `source`. Raises ExpressionFailed for what is too large or holds no tokens."""
    return _short(source) if len(source) <= _SHORT else _long(source)


@lru_cache(maxsize=8192)
def _short(source: str) -> Expression:
    return _read(source.strip())


@lru_cache(maxsize=64)
def _long(source: str) -> Expression:
    return _read(source.strip())


def _read(text: str) -> Expression:
    if not text:
        raise unreadable(text, "it is empty")
    if len(text) > MAX_SOURCE:
        raise _too_large()
    try:
        tokens = tuple(tokens_of(text, MAX_TOKENS))
    except NoToken as error:
        raise unreadable(text, str(error)) from None
    if len(tokens) > MAX_TOKENS or depth_of(tokens) > MAX_DEPTH or calls_inside(tokens, ITERATING) > MAX_ITERATIONS:
        raise _too_large()
    found = places(tokens, ITERATING)
    if depth_in_order(tokens, found) > MAX_DEPTH:
        raise _too_large()
    if dotted := _begins_with_a_dot(tokens):
        raise unreadable(text, f"'.{dotted}' begins with a dot; write '{dotted}'")
    paths = tuple(_paths(tokens))
    plain = paths[0] if len(paths) == 1 and len(tokens) == 2 * len(paths[0]) - 1 else None
    return Expression(
        source=text,
        tokens=tokens,
        functions=frozenset(_functions(tokens)),
        plain_path=plain,
        paths=paths,
        reads=_tree(paths),
        places=found,
    )


def require_readable(source: str) -> None:
    """Raises ExpressionFailed with the position of the first fault."""
    _ = read_expression(source).program


def _too_large() -> ExpressionFailed:
    return ExpressionFailed(
        f"An expression may have {MAX_SOURCE} characters, {MAX_TOKENS} words and signs, {MAX_DEPTH} brackets inside each other "
        f"(what is added, and what is gone through, counts as in brackets) and {MAX_ITERATIONS} iterations inside each other",
        cure="Split it over several nodes.",
    )


def _begins_with_a_dot(tokens: tuple[Token, ...]) -> str:
    """A name that the parser would take from outside of everything; there is nothing, and it reads like a slip."""
    for before, token, after in zip((None, *tokens), tokens, tokens[1:], strict=False):
        is_operand = before is None or before.text in _WORDS - _CONSTANTS or (before.kind == "mark" and before.text not in ")]}")
        if token.kind == "mark" and token.text == "." and is_operand and after.kind == "name":
            return after.text
    return ""


def _paths(tokens: tuple[Token, ...]) -> list[tuple[str, ...]]:
    """Each variable with the fields that are read of it, in order; a method that is called ends a path."""
    found: list[tuple[str, ...]] = []
    path: list[str] = []
    for before, token, after in zip((None, *tokens), tokens, (*tokens[1:], None), strict=False):
        if token.kind != "name" or token.text in _WORDS:
            if token.text != "." and path:
                found.append(tuple(path))
                path = []
            continue
        is_member = before is not None and before.text == "." and before.kind == "mark"
        is_called = after is not None and after.text == "(" and after.kind == "mark"
        if is_called or (is_member and not path):
            if path:
                found.append(tuple(path))
            path = []
        elif is_member:
            path.append(token.text)
        else:
            path = [token.text]
    return [*found, tuple(path)] if path else found


def _functions(tokens: tuple[Token, ...]) -> list[str]:
    """The names before an open bracket; of a name with dots the last part and, as for math.abs, the last two."""
    found: list[str] = []
    for index, (name, bracket) in enumerate(pairwise(tokens)):
        if name.kind != "name" or bracket.kind != "mark" or bracket.text != "(":
            continue
        is_member = index >= 2 and tokens[index - 1].text == "." and tokens[index - 2].kind == "name"
        found.append(f"{tokens[index - 2].text}.{name.text}" if is_member and tokens[index - 2].text in _SPACES else name.text)
    return found


_SPACES: Final = frozenset({"math", "sets", "base64", "strings", "lists"})


def _tree(paths: tuple[tuple[str, ...], ...]) -> Reads:
    """The paths by their first parts. Below where one path ends, those that lead on add nothing."""
    firsts = dict.fromkeys(path[0] for path in paths)
    below = {first: [path[1:] for path in paths if path[0] == first] for first in firsts}
    return {first: {} if () in rest else _tree(tuple(rest)) for first, rest in below.items()}


def _part(value: Json, reads: Reads) -> Json:
    """What is read of a value: whatever size the rest has, it costs nothing."""
    if not reads or not isinstance(value, dict):
        return value
    return {name: _part(value[name], below) for name, below in reads.items() if name in value}
