"""What speaks against what: two statements about the same thing with other numbers, or of which one denies the other."""

import re
from itertools import combinations
from typing import Final, NamedTuple

from orchestrator.capabilities.language_models.demo.answers.citing import labelled
from orchestrator.capabilities.language_models.demo.lexicon import NEGATIONS
from orchestrator.capabilities.language_models.demo.terms import term, terms, words

_COUNTING: Final = dict(
    zip("one two three four five six seven eight nine ten eleven twelve".split(), (str(number) for number in range(1, 13)), strict=True)
)
_MEASURED = re.compile(rf"\b(\d[\d,]*(?:\.\d+)?|{'|'.join(_COUNTING)})\s+([^\W\d_]{{3,}})", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:Since|In|By|At|After|Before|When|While|According to|For)\b[^,]{1,120},\s+")
"""What a sentence says before its subject."""
_NAME = re.compile(r"\b(?!The\b|An?\b|Its?\b|This\b|That\b|There\b|These\b|Both\b|No\b)[A-Z]\w{2,}")
_ALIKE: Final = 0.6
"""The share of the shorter statement's terms that the other one has when both are about the same thing."""
_DENIED: Final = 0.8
_MOST: Final = 60
"""Statements that are compared with each other."""


class Disagreement(NamedTuple):
    first: str
    second: str
    about: str


def disagreements(text: str) -> list[Disagreement]:
    """Pairs of labels of statements that cannot both be true, as far as words and numbers tell."""
    told = labelled(text)[:_MOST]
    pairs = [
        Disagreement(first, second, about)
        for (first, one), (second, other) in combinations(told, 2)
        if first != second and (about := _against(one, other))
    ]
    return list(dict.fromkeys(pairs))


def _against(one: str, other: str) -> str:
    """What they disagree about; empty when they do not."""
    one, other = _BEFORE.sub("", one), _BEFORE.sub("", other)
    here, there = _NAME.search(one), _NAME.search(other)
    if (here and here[0]) != (there and there[0]):
        return ""
    share = _share(one, other)
    for first, second in ((one, other), (_clause(one), _clause(other))):
        if _share(first, second) >= _ALIKE and (about := _differently(first, second)):
            return about
    return "whether it is so" if share >= _DENIED and _denies(one) != _denies(other) else ""


def _clause(text: str) -> str:
    """What stands before the first comma that is none of a number."""
    return re.split(r",\s", text, maxsplit=1)[0]


def _differently(one: str, other: str) -> str:
    """The two numbers of the first thing that both count, where they differ."""
    measured, against = _measures(one), _measures(other)
    for unit, (number, shown, word) in measured.items():
        if unit in against and against[unit][0] != number:
            return f"{shown} or {against[unit][1]} {word}"
    return ""


def _share(one: str, other: str) -> float:
    """Numbers and denials left out."""
    first, second = _plain(one), _plain(other)
    return len(first & second) / min(len(first), len(second)) if first and second else 0.0


def _plain(text: str) -> set[str]:
    return {one for one in terms(text) if not one[0].isdigit() and one not in _COUNTING and one not in NEGATIONS}


def _measures(text: str) -> dict[str, tuple[str, str, str]]:
    """By what is counted: the first number, that number as it stands, and the word behind it."""
    found: dict[str, tuple[str, str, str]] = {}
    for number, unit in _MEASURED.findall(text):
        found.setdefault(term(unit.lower()), (_COUNTING.get(number.lower(), number.replace(",", "")), number, unit))
    return found


def _denies(text: str) -> bool:
    return any(word in NEGATIONS or word.endswith("n't") for word in words(text))
