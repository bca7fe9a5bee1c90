"""The way out for libraries that bring httpx along: their requests pass the same rules as all others.

Importing this imports httpx, which only who has such a library loaded should do.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Final

import httpx

from orchestrator.capabilities.egress.client import Egress, Limits, Response
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused

_MOST_BYTES: Final = 32 * 1024 * 1024
_OWN: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class EgressTransport(httpx.AsyncBaseTransport):
    """Sends requests to `hosts` alone (each `host` or `host:port`), without following redirects."""

    def __init__(self, egress: Egress, hosts: Iterable[str], limits: Limits) -> None:
        self._egress = egress
        self._hosts = frozenset(hosts)
        self._limits = limits
        self._open = AsyncExitStack()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = self._egress.checked(str(request.url))
        if url.host not in self._hosts and f"{url.host}:{url.port}" not in self._hosts:
            raise EgressRefused(f"{url.host} is no host of this provider", cure="Name its address in the server's environment.")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        body = await request.aread()
        opened = self._egress.open(request.method, url, headers=headers, body=body or None, limits=self._limits)
        try:
            response = await self._open.enter_async_context(opened)
        except EgressFailed as error:
            raise _in_its_words(error, request) from error
        return httpx.Response(response.status, headers=list(response.headers.items()), stream=_Body(response, request))

    async def aclose(self) -> None:
        """Let go of every answer, read or not."""
        await self._open.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: Response, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = _MOST_BYTES
        try:
            async for piece in self._response.content.iter_any():
                left -= len(piece)
                if left < 0:
                    raise httpx.ReadError("The answer is too large", request=self._request)
                yield piece
        except (OSError, ValueError) as error:
            raise httpx.ReadError(f"The answer broke off: {type(error).__name__}", request=self._request) from error


def _in_its_words(error: EgressFailed, request: httpx.Request) -> httpx.TransportError:
    if error.kind == "timeout":
        return httpx.ReadTimeout(error.message, request=request)
    if error.kind == "connection":
        return httpx.ConnectError(error.message, request=request)
    return httpx.RemoteProtocolError(error.message, request=request)
