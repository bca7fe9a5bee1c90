"""What the environment says: BATON_URL and BATON_KEY. Nothing else reads it, and no command line carries a key."""

import os
from urllib.parse import urlsplit

from baton_client.errors import BatonError


def url_of(given: str) -> str:
    """The server's address without a slash at its end. Raises BatonError."""
    url = (given or os.environ.get("BATON_URL", "")).rstrip("/")
    cure = "Set BATON_URL to the server's address, such as http://127.0.0.1:8000."
    if not url:
        raise BatonError("No server is named.", code="no_url", cure=cure)
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment or parts.username is not None or parts.password is not None or not url.isprintable():
        raise BatonError("The server's address cannot be used.", code="bad_url", cure=cure)
    return url


def key_of(given: str) -> str:
    """The key, which no message repeats. Raises BatonError."""
    key = (given or os.environ.get("BATON_KEY", "")).strip()
    cure = "Make one under Settings, API keys, and set BATON_KEY to it."
    if not key:
        raise BatonError("There is no key.", code="no_key", cure=cure)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BatonError("The key has characters that no key has.", code="bad_key", cure=cure)
    return key
