"""Secrets handed to people: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets

API_KEY_MARK = "baton_"


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_api_key() -> tuple[str, str]:
    """A new key and its prefix, which may be shown."""
    prefix = API_KEY_MARK + secrets.token_hex(4)
    return f"{prefix}_{new_token()}", prefix


def digest_of(token: str) -> str:
    """SHA-256 is enough: nothing with 256 random bits can be guessed from its hash."""
    return hashlib.sha256(token.encode()).hexdigest()
