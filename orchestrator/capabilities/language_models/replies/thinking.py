"""Models that think aloud: `<think>...</think>` before the answer is reasoning and no part of the answer."""

import re
from typing import Final

_OPENS: Final = "<think>"
_CLOSES: Final = "</think>"
_CLOSED_ONLY = re.compile(r"\s*</think>[ \t]*\n\s*")
"""The end of thinking whose beginning stood in the prompt, alone on its line."""


class Thinking:
    """Takes an answer piece by piece and tells thought from speech, also where a tag is cut."""

    def __init__(self) -> None:
        self._held = ""
        self._place = "before"

    def take(self, piece: str) -> tuple[str, str]:
        """What of the text so far is thought, and what is said."""
        text, self._held = self._held + piece, ""
        if self._place == "before":
            text = self._opened(text)
        thought = ""
        if self._place == "inside":
            thought, text = self._closed(text)
        if self._place == "behind":
            text = text.lstrip()
            self._place = "behind" if not text else "after"
        return thought, text if self._place == "after" else ""

    def rest(self) -> tuple[str, str]:
        """What was held back when the answer ended."""
        held, self._held = self._held, ""
        return (held, "") if self._place == "inside" else ("", held)

    def _opened(self, text: str) -> str:
        """The text behind the tag, once it is known whether there is one."""
        begin = text.lstrip()
        if begin.startswith(_OPENS):
            self._place = "inside"
            return begin[len(_OPENS) :]
        if _OPENS.startswith(begin):
            self._held = text
            return ""
        self._place = "after"
        return text

    def _closed(self, text: str) -> tuple[str, str]:
        thought, closing, rest = text.partition(_CLOSES)
        if closing:
            self._place = "behind"
            return thought, rest
        kept = next((size for size in range(len(_CLOSES) - 1, 0, -1) if text.endswith(_CLOSES[:size])), 0)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept], ""


def thought_apart(text: str) -> tuple[str, str]:
    """Thought and speech of a whole answer whose opening tag stood in the prompt, so that only the closing one is there."""
    end = _CLOSED_ONLY.search(text)
    if end is None or _OPENS in text:
        return "", text
    return text[: end.start()].strip(), text[end.end() :]
