"""Where an operand begins and ends among the tokens of an expression.

It is a name, a literal or what stands in brackets, with what is read or called of it.
"""

from collections.abc import Sequence
from typing import Final

from orchestrator.engine.document.expressions.tokens import Token

_WORDS: Final = frozenset({"in", "true", "false", "null"})


def operand_end(tokens: Sequence[Token], start: int) -> int:
    """The last token of the operand that begins at `start`."""
    end = other_bracket(tokens, start)
    while end + 1 < len(tokens):
        after = tokens[end + 1]
        if after.is_mark(".") and end + 2 < len(tokens):
            end += 2
        elif after.is_mark("(") or after.is_mark("["):
            end = other_bracket(tokens, end + 1)
        else:
            break
    return end


def operand_start(tokens: Sequence[Token], end: int) -> int:
    """The first token of the operand that ends at `end`."""
    start = other_bracket(tokens, end)
    while start > 0:
        before, first = tokens[start - 1], tokens[start]
        if before.is_mark("."):
            start = other_bracket(tokens, start - 2)
        elif (first.is_mark("(") and _names(before)) or (first.is_mark("[") and (_names(before) or before.closes or before.kind == "text")):
            start = other_bracket(tokens, start - 1)
        else:
            break
    return start - 1 if tokens[start].kind == "number" and _is_sign(tokens, start - 1) else start


def other_bracket(tokens: Sequence[Token], index: int) -> int:
    """Where the bracket that opens or closes there does the other; the place itself where none does."""
    step = -1 if tokens[index].closes else 1
    depth, place = 0, index
    while 0 <= place < len(tokens):
        depth += tokens[place].opens - tokens[place].closes
        if depth == 0:
            return place
        place += step
    return index


def _is_sign(tokens: Sequence[Token], index: int) -> bool:
    """Whether a minus belongs to the number behind it: there is nothing before it that it could subtract from."""
    if index < 0 or not tokens[index].is_mark("-"):
        return False
    before = tokens[index - 1] if index else None
    return before is None or before.text == "in" or (before.kind == "mark" and not before.closes)


def _names(token: Token) -> bool:
    return token.kind == "name" and token.text not in _WORDS
