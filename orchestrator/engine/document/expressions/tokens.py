"""The tokens of a CEL expression, as its language definition cuts them.

Source: github.com/google/cel-spec, doc/langdef.md, Syntax. Read before the parser sees an expression: what
stands in a text or a comment is no bracket and no name, and the parser is slow over what is no token at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

TokenKind = Literal["name", "text", "number", "mark"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>(?:[ \t\n\f\r]+|//[^\n]*)+)
    |(?P<text>
        (?:[rR][bB]?|[bB][rR])(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')
        |[bB]?(?:\"\"\"(?:\\[\s\S]|[^\\])*?\"\"\"|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*')
    )
    |(?P<number>0x[0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<mark>&&|\|\||<=|>=|==|!=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)


class NoToken(ValueError):
    """`place` counts characters from 1."""

    def __init__(self, found: str, place: int) -> None:
        super().__init__(f"{found!r} at character {place} begins nothing that an expression may hold")


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str

    def is_mark(self, text: str) -> bool:
        return self.kind == "mark" and self.text == text

    @property
    def opens(self) -> bool:
        """Whether it is a bracket that opens."""
        return self.kind == "mark" and self.text in "([{"

    @property
    def closes(self) -> bool:
        return self.kind == "mark" and self.text in ")]}"


def tokens_of(source: str, most: int) -> list[Token]:
    """The tokens in order, without space and comments; no more than one beyond `most`. Raises NoToken where none begins."""
    found: list[Token] = []
    position = 0
    while position < len(source) and len(found) <= most:
        match = _TOKEN.match(source, position)
        if match is None:
            raise NoToken(source[position], position + 1)
        kind = match.lastgroup
        if kind != "space":
            found.append(Token(kind, match.group()))  # type: ignore[arg-type]  # the groups are named as the kinds
        position = match.end()
    return found


def depth_of(tokens: Sequence[Token]) -> int:
    """How deep brackets stand inside each other."""
    deepest = depth = 0
    for token in tokens:
        depth += token.opens
        deepest = max(deepest, depth)
        depth -= token.closes
    return deepest


def calls_inside(tokens: Sequence[Token], names: frozenset[str]) -> int:
    """How many calls of functions of these names stand inside each other at most."""
    open_calls: list[bool] = []
    deepest = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.kind != "mark":
            continue
        if token.text == "(":
            open_calls.append(before is not None and before.kind == "name" and before.text in names)
            deepest = max(deepest, sum(open_calls))
        elif token.text == ")":
            del open_calls[-1:]
    return deepest
