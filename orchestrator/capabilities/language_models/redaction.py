"""Taking secrets out of text, by their value."""

import base64
from collections.abc import Iterable
from urllib.parse import quote

_SHORTEST = 6
"""Shorter values would blot out ordinary words."""
_SHOWN = "[secret]"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, also where they are URL-encoded or in base64."""
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        encoded = base64.b64encode(secret.encode()).decode()
        for form in (secret, quote(secret, safe=""), encoded, encoded.rstrip("="), base64.urlsafe_b64encode(secret.encode()).decode()):
            text = text.replace(form, _SHOWN)
    return text
