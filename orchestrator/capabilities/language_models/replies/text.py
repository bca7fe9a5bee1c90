"""Text as servers give it: plain, or as a list of parts of several kinds."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from orchestrator.engine.json_text import clean_text

Kind = Literal["text", "reasoning", "refusal"]

_KINDS: Final[dict[str, Kind]] = {
    "thinking": "reasoning",
    "reasoning": "reasoning",
    "reasoning.text": "reasoning",
    "reasoning.summary": "reasoning",
    "summary_text": "reasoning",
    "refusal": "refusal",
}
_FIELDS: Final = ("text", "thinking", "reasoning", "refusal", "content", "summary", "value")
"""Where a part has its text, whatever its type is called."""
_HALF = re.compile("[\ud800-\udfff]")
_DEEPEST: Final = 4


def pieces(content: object, kind: Kind = "text") -> Iterator[tuple[Kind, str]]:
    """What a message says, piece by piece. Parts without text, such as pictures, say nothing. Raises TypeError for no form of text."""
    yield from _pieces(content, kind, _DEEPEST)


def plain(value: object) -> str:
    """A short text that may be left out, such as a name. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or ""


def mended(text: str) -> str:
    """The text as it can be stored: halves of a surrogate pair that stand side by side are one character again."""
    if _HALF.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return clean_text(text)


class Characters:
    """Pieces of text, where a character may be cut between two of them."""

    def __init__(self) -> None:
        self._half = ""

    def take(self, piece: str) -> str:
        """What can be shown now; the first half of a character waits for its second."""
        text = self._half + piece
        cut = bool(text) and "\ud800" <= text[-1] <= "\udbff"
        self._half = text[-1] if cut else ""
        return mended(text[:-1] if cut else text)

    def rest(self) -> str:
        half, self._half = self._half, ""
        return mended(half)


def _pieces(content: object, kind: Kind, deeper: int) -> Iterator[tuple[Kind, str]]:
    if content is None or deeper == 0:
        return
    if isinstance(content, str):
        if content:
            yield kind, content
    elif isinstance(content, list):
        for part in content:
            yield from _pieces(part, kind, deeper if isinstance(part, dict) else deeper - 1)
    elif isinstance(content, dict):
        called = content.get("type")
        inner = _KINDS.get(called, kind) if isinstance(called, str) else kind
        said = next((content[field] for field in _FIELDS if content.get(field)), None)
        yield from _pieces(said if isinstance(said, str | list | dict) else None, inner, deeper - 1)
    else:
        raise TypeError
