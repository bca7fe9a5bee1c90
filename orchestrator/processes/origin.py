"""Websockets are opened by pages of our own hosts only."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


class OwnOrigin:
    """Refuses any other origin before anything is looked up."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(origins) == 1 and is_own(origins[0].decode("latin-1")):
            await self._application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close"})


def is_own(origin: str) -> bool:
    """Whether a page of this origin is one of ours: a web address of an allowed host."""
    try:
        parts = urlsplit(origin)
        host = parts.hostname
    except ValueError:
        return False
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    return host is not None and parts.scheme in ("http", "https") and validate_host(f"[{host}]" if ":" in host else host, allowed)
