"""What proxies say about a request is believed from those that are ours, and from nobody else."""

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network
Headers = list[tuple[bytes, bytes]]

SAID_BY_PROXIES = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip"}
SECURE = {"http": "https", "websocket": "wss"}
PLAIN = {"http": "http", "websocket": "ws"}


def networks(texts: Collection[str]) -> tuple[Network, ...]:
    """Addresses and networks as written in the environment. Raises ImproperlyConfigured."""
    try:
        return tuple(ip_network(text.strip()) for text in texts)
    except ValueError as error:
        raise ImproperlyConfigured(f"BATON_TRUSTED_PROXIES: {error}. Write networks with commas between: 10.0.0.0/8, ::1") from error


class OwnProxies:
    """Puts the client, the scheme and the host that a proxy of ours names into the scope, and drops what others name."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._networks = networks(settings.PROXY_NETWORKS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in PLAIN:
            scope = self._believed(scope)
        await self._application(scope, receive, send)

    def _believed(self, scope: Any) -> Any:
        kind, headers = scope["type"], scope["headers"]
        kept = [(name, value) for name, value in headers if name.lower() not in SAID_BY_PROXIES]
        # Daphne takes the root path from a header of anybody.
        found = {**scope, "headers": kept, "root_path": "", "scheme": scope.get("scheme", PLAIN[kind])}
        if not self._is_ours((scope.get("client") or [""])[0]):
            return found
        found["client"] = [self._client(scope["client"][0], _words(headers, b"x-forwarded-for")), 0]
        proto, host = _words(headers, b"x-forwarded-proto"), _words(headers, b"x-forwarded-host")
        if proto:
            found["scheme"] = (SECURE if proto[-1].lower() in ("https", "wss") else PLAIN)[kind]
        if host:
            found["headers"] = [(name, value) for name, value in kept if name != b"host"] + [(b"host", host[-1].encode("latin-1"))]
        return found

    def _client(self, peer: str, hops: list[str]) -> str:
        """The nearest hop that is no proxy of ours: whatever stands before it, anybody may have written."""
        for hop in reversed(hops):
            if not _is_address(hop):
                return peer
            if not self._is_ours(hop):
                return hop
            peer = hop
        return peer

    def _is_ours(self, text: str) -> bool:
        return _is_address(text) and any(ip_address(text) in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _words(headers: Headers, wanted: bytes) -> list[str]:
    """The values of a header, those with commas in parts."""
    values = [value.decode("latin-1") for name, value in headers if name.lower() == wanted]
    return [word.strip() for value in values for word in value.split(",") if word.strip()]
