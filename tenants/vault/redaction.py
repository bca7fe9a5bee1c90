"""Keeps secrets out of everything people read, by value: logs, errors, traces.

Imports no models, so that logging can use it from the first moment.
"""

import base64
import json
import logging
import re
import threading
from urllib.parse import quote, quote_plus

from tenants.people.tokens import API_KEY_MARK

SHORTEST_REDACTED = 6
REDACTED = "[secret]"
OWN_KEYS = re.escape(API_KEY_MARK) + r"[0-9a-f]{8}_[A-Za-z0-9_-]{20,}|(?<=/sign-in/link/)[A-Za-z0-9_-]{20,}"
"""What we made ourselves is known by its look: API keys, and the tokens of sign-in links in access logs."""


class _KnownSecrets:
    """Values of this process that no text may show, in every form they are likely to take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._pattern = re.compile(OWN_KEYS)

    def add(self, value: str) -> None:
        with self._lock:
            if len(value) < SHORTEST_REDACTED or value in self._values:
                return
            self._values.add(value)
            forms = {form for known in self._values for form in _forms(known)}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join([*map(re.escape, longest_first), OWN_KEYS]))

    def redact(self, text: str) -> str:
        return self._pattern.sub(REDACTED, text)


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


_known = _KnownSecrets()


def remember_secret(value: str) -> None:
    """Redact `value` from now on."""
    _known.add(value)


def redact(text: str) -> str:
    """`text` without any secret this process knows, nor anything that looks like one of our API keys."""
    return _known.redact(text)


class RedactSecrets(logging.Filter):
    """Put on a handler: no secret reaches its output."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True
