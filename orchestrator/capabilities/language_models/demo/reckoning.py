"""Calculations that are asked for in words, over numbers that were found before."""

import re
from typing import Final

from orchestrator.capabilities.language_models.demo.terms import term, terms

_VALUED = re.compile(r"\b([A-Za-z][A-Za-z_]{1,30}) (-?\d+(?:\.\d+)?)(?![\w-])")
_RESULT = re.compile(r"= (-?\d+(?:\.\d+)?)(?![\w-])")
_TOGETHER = re.compile(r"\b(?:add|sum|total|altogether|together)\b", re.IGNORECASE)
_APART = re.compile(r"\b(?:subtract|take|deduct)\s+(.+?)\s+from\s+(.+)", re.IGNORECASE)
_MOST: Final = 40


def reckoned(asked: str, found: str) -> str | None:
    """The calculation that `asked` describes, with the numbers that `found` has for the things it names; None when it describes none."""
    apart = _APART.search(asked)
    if apart:
        less, whole = _quantity(apart[1], found), _quantity(apart[2], found)
        return f"{whole} - {less}" if less and whole and less != whole else None
    if not _TOGETHER.search(asked):
        return None
    numbers = _values(asked, found)[:_MOST]
    return " + ".join(numbers) if len(numbers) > 1 else None


def _values(asked: str, found: str) -> list[str]:
    """The numbers of the field that is named, in their order."""
    named = terms(asked)
    return [number for name, number in _VALUED.findall(found) if term(name.lower()) in named]


def _quantity(named: str, found: str) -> str | None:
    """The last number of a field that is named, else what was calculated last."""
    own, reached = _values(named, found), _RESULT.findall(found)
    return own[-1] if own else reached[-1] if reached else None
