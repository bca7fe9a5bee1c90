"""Keeps secrets out of everything people read, by value: logs, errors, traces.

Imports no models, so that logging can use it from the first moment.
"""

import logging
import re
import threading

from orchestrator.capabilities.redaction import SHORTEST_REDACTED, Redactor
from tenants.people.tokens import API_KEY_MARK

OWN_KEYS = re.escape(API_KEY_MARK) + r"[0-9a-f]{8}_[A-Za-z0-9_-]{20,}|(?<=/sign-in/link/)[A-Za-z0-9_-]{20,}"
"""What we made ourselves is known by its look: API keys, and the tokens of sign-in links in access logs."""


class _KnownSecrets:
    """Values of this process that no text may show."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._redactor = Redactor(also=OWN_KEYS)

    def add(self, value: str) -> None:
        with self._lock:
            if len(value) < SHORTEST_REDACTED or value in self._values:
                return
            self._values.add(value)
            self._redactor = Redactor(self._values, also=OWN_KEYS)

    def redact(self, text: str) -> str:
        return self._redactor.text(text)


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
