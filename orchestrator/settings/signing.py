"""The key that signs sessions: from the environment, else a file made on first use."""

import os
import secrets

from orchestrator.settings.env import DATA_DIR, SECRET_KEY


def secret_key() -> str:
    """The configured key, or the one in `DATA_DIR/signing.key` (mode 0600)."""
    if SECRET_KEY:
        return str(SECRET_KEY)
    path = DATA_DIR / "signing.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key
