"""Passages of texts, ranked by BM25. Imports nothing that an evaluating process must not have."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from orchestrator.engine.ids import Json

_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_SATURATION: Final = 1.4
_LENGTH_WEIGHT: Final = 0.7
_LONGEST: Final = 4000


@dataclass(frozen=True)
class Passage:
    """A section under a heading, or a paragraph of a text without headings. The heading counts twice."""

    file: str
    heading: str
    text: str

    def words(self) -> Counter[str]:
        return Counter(stems(f"{self.heading} {self.heading} {self.text}"))


def best_passages(texts: Mapping[str, str], query: str, limit: int) -> Json:
    """The passages of the texts, by their names, that answer a question best, best first."""
    passages = [passage for name, text in texts.items() for passage in passages_of(text, name)]
    return {
        "passages": [
            {"file": passage.file, "heading": passage.heading, "text": passage.text[:_LONGEST], "score": round(score, 3)}
            for score, passage in rank(passages, query)[:limit]
        ]
    }


@lru_cache(maxsize=8)
def passages_of(text: str, name: str) -> tuple[Passage, ...]:
    """The sections of a text, in order."""
    marks = list(_HEADING.finditer(text))
    if not marks:
        return tuple(Passage(name, "", part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip())
    bounds = [*(mark.start() for mark in marks[1:]), len(text)]
    cut = ((mark[1].strip(), text[mark.end() : end].strip()) for mark, end in zip(marks, bounds, strict=True))
    return tuple(Passage(name, heading, body) for heading, body in cut if body)


def rank(passages: list[Passage], query: str) -> list[tuple[float, Passage]]:
    """(score, passage), best first; passages that share no word with the query are left out."""
    counts = [passage.words() for passage in passages]
    average = sum(count.total() for count in counts) / len(counts) if counts else 1.0
    wanted = set(stems(query))
    rarity = {word: math.log(1 + len(counts) / (1 + sum(word in count for count in counts))) for word in wanted}
    scored = []
    for passage, count in zip(passages, counts, strict=True):
        norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * count.total() / average)
        score = sum(rarity[word] * count[word] * (_SATURATION + 1) / (count[word] + norm) for word in wanted if count[word])
        if score > 0:
            scored.append((score, passage))
    return sorted(scored, key=lambda pair: -pair[0])


def stems(text: str) -> list[str]:
    """Words in lower case without the commonest English endings."""
    return [re.sub(r"(?<=\w{4})(?:ing|ed|es|s|e)$", "", word) for word in _WORD.findall(text.lower()) if len(word) > 2]
