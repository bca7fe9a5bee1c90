"""Websockets are opened by pages of our own origin only, scheme, host and port; and by programs, which show a key."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from tenants.people.authentication import bearer_key

PORTS = {"http": 80, "https": 443}
HTTP = {"ws": "http", "wss": "https"}

Origin = tuple[str, str, int]


class OwnOrigin:
    """Refuses any other origin before anything is looked up."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origins, hosts = _texts(scope, b"origin"), _texts(scope, b"host")
        # No page can send a key like that, and whoever shows one is known by it alone, never by a cookie.
        of_program = not origins and any(map(bearer_key, _texts(scope, b"authorization")))
        if _is_allowed(hosts) and (of_program or _is_own(origins, hosts[0], HTTP[scope["scheme"]])):
            await self._application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close"})


def _is_allowed(hosts: list[str]) -> bool:
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    return len(hosts) == 1 and validate_host(split_domain_port(hosts[0])[0], allowed)


def _is_own(origins: list[str], host: str, scheme: str) -> bool:
    """Whether the page's origin is the one it connects to, or one that is trusted like it."""
    if len(origins) != 1:
        return False
    origin, own = parse(origins[0]), [f"{scheme}://{host}", *settings.CSRF_TRUSTED_ORIGINS]
    return origin is not None and origin in map(parse, own)


def parse(text: str) -> Origin | None:
    """None for what is no whole origin of the web."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, host, port or PORTS[parts.scheme]


def _texts(scope: Any, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
