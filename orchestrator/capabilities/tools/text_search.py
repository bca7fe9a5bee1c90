"""Passages of the text files that a graph brings along, ranked by BM25."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field

from orchestrator.capabilities.tools.shipped_files import text_of, with_choices
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.ids import Json

_TEXTS: Final = (".md", ".txt", ".rst")
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


def describe(spec: ToolSpec, files: Mapping[str, bytes]) -> ToolSpec:
    """Names the text files at hand."""
    names = [name for name in sorted(files) if name.lower().endswith(_TEXTS)]
    return with_choices(spec, {"file": ["", *names]}, f"Files: {', '.join(names)}." if names else "")


@tool("text_search", title="Text search", safety=Safety.PURE, timeout_s=10, describe=describe)
async def text_search(
    context: ToolContext,
    *,
    query: Annotated[str, Field(min_length=1, max_length=1000, description="Words to look for")],
    file: Annotated[str, Field(description="Name of one text file of this graph; all of them when left out")] = "",
    limit: Annotated[int, Field(ge=1, le=20, description="Passages at most")] = 3,
) -> Json:
    """Find the passages of the graph's text files that answer a question best."""
    names = [file] if file else [name for name in sorted(context.files) if name.lower().endswith(_TEXTS)]
    passages = [passage for name in names for passage in passages_of(text_of(context.files, name), name)]
    ranked = rank(passages, query)[:limit]
    return {
        "passages": [
            {"file": passage.file, "heading": passage.heading, "text": passage.text[:_LONGEST], "score": round(score, 3)}
            for score, passage in ranked
        ]
    }


@lru_cache(maxsize=32)
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
