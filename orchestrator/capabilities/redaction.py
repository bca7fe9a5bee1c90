"""Taking secrets out of text and data, by their value, in every form that they are likely to take."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from orchestrator.engine.ids import Json

SHORTEST_REDACTED: Final = 6
"""Shorter values would blot out ordinary words."""
REDACTED: Final = "[secret]"
_NOTHING: Final = "(?!)"


class Redactor:
    """Knows some secrets. `also` is a pattern of what is a secret by its look."""

    def __init__(self, secrets: Iterable[str] = (), also: str = "") -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST_REDACTED for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, self._forms), *([also] if also else [])]) or _NOTHING)
        self._beginnings = "".join({form[0] for form in forms})

    def text(self, text: str) -> str:
        return self._pattern.sub(REDACTED, text)

    def json(self, value: Json) -> Json:
        """The value with every text in it redacted, and every name of a field."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.json(item) for name, item in value.items()}
        return value

    def begun_at(self, text: str) -> int:
        """Where a secret may have begun whose rest is still to come; the end of the text when nowhere."""
        longest = len(self._forms[0]) if self._forms else 0
        for at in range(max(0, len(text) - longest + 1), len(text)):
            if text[at] in self._beginnings and any(form.startswith(text[at:]) for form in self._forms):
                return at
        return len(text)


class RedactedStream:
    """Passes pieces of a text on; what may be the first part of a secret waits for the next piece."""

    def __init__(self, redactor: Redactor, to: Callable[[str], None]) -> None:
        self._redactor = redactor
        self._to = to
        self._held = ""

    def take(self, piece: str) -> None:
        text = self._redactor.text(self._held + piece)
        begun = self._redactor.begun_at(text)
        self._held = text[begun:]
        self._pass(text[:begun])

    def end(self) -> None:
        held, self._held = self._held, ""
        self._pass(held)

    def drop(self) -> None:
        """What was held back is void."""
        self._held = ""

    def _pass(self, text: str) -> None:
        if text:
            self._to(text)


@lru_cache(maxsize=256)
def redactor_of(secrets: tuple[str, ...]) -> Redactor:
    """The redactor of these secrets; making one costs more than using it."""
    return Redactor(secrets)


def redacted(text: str, secrets: Iterable[str]) -> str:
    return redactor_of(tuple(secrets)).text(text)


def _forms(value: str) -> set[str]:
    """As it is, escaped for JSON and URLs, and inside base64 at each of its three offsets."""
    forms = {value, json.dumps(value)[1:-1], quote(value, safe=""), quote(value), quote_plus(value)}
    raw = value.encode()
    for offset in range(3):
        # Only whole groups of three bytes look the same whatever stands before and after them.
        head = -offset % 3
        body = raw[head : head + (len(raw) - head) // 3 * 3]
        if len(body) >= SHORTEST_REDACTED:
            forms |= {base64.b64encode(body).decode(), base64.urlsafe_b64encode(body).decode()}
    return forms
