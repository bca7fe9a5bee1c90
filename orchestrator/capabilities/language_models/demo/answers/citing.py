"""Answers that say where each sentence comes from: out of texts that stand under a label in square brackets."""

import re
from typing import Final

from orchestrator.capabilities.language_models.demo.answers.choosing import chosen, length_of
from orchestrator.capabilities.language_models.demo.situation import Situation
from orchestrator.capabilities.language_models.demo.terms import coverage, ranked, sentences, terms

_WANTED = re.compile(r"\b(?:cite|cites|citing|citations?|references?|square brackets)\b", re.IGNORECASE)
_BLOCK = re.compile(r"^\[([^\[\]\n]{1,80})\][ \t]*(.*?)(?=^\[[^\[\]\n]{1,80}\]|\Z)", re.MULTILINE | re.DOTALL)
_DISAGREEMENTS: Final = ("contradictions", "conflicts", "disagreements")
_NOT_THERE: Final = "The texts at hand do not say."
_BEARS: Final = 0.25
"""The least share of a question's terms that a text has which says something about it."""


def labelled(text: str) -> list[tuple[str, str]]:
    """(label, sentence) of each sentence that stands behind or below a `[label]`. A line of its own beside the label is a title."""
    found = []
    for label, body in _BLOCK.findall(text):
        title, line, below = body.strip().partition("\n")
        found += [(label, sentence) for sentence in sentences(below if line else title)]
    return found


def _taken(texts: list[str], asked: set[str], count: int) -> list[int]:
    """The sentences that together say most, then others that say some of it."""
    first = chosen(texts, asked, count)
    others = [index for _, index in ranked(texts, asked) if index not in first]
    return sorted([*first, *others[: count - len(first)]])


def cited(where: Situation) -> str | None:
    """The sentences that say most of what is asked, each with its label; None where none are asked for or possible."""
    if not _WANTED.search(where.instructions):
        return None
    apart = {name: where.part(name) or "" for name in _DISAGREEMENTS}
    told = [(label, text) for name, body in where.sections.items() if name not in apart for label, text in labelled(body)]
    if not told:
        return _NOT_THERE if where.sections else None
    asked = terms(where.part("question") or where.part("topic") or "") or terms(where.instructions)
    texts = [text for _, text in told]
    if coverage(asked, "\n".join(texts)) < _BEARS:
        return _NOT_THERE
    said = [f"{texts[index].rstrip('.')} [{told[index][0]}]." for index in _taken(texts, asked, length_of(where))]
    against = dict.fromkeys(line.lstrip("-• ").strip() for body in apart.values() for line in body.splitlines() if line.strip())
    return " ".join([*said, *(f"The sources disagree: {line}" for line in against)])
