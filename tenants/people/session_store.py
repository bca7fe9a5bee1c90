"""Sessions in the database, found by keys that we made and by nothing else."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

_KEY = re.compile("[a-z0-9]{32}")
"""As `_get_new_session_key` of the base makes them."""


class SessionStore(DatabaseSessions):
    """A cookie may hold any character; some end a query with a fault, so nothing else than a key is looked for."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None
