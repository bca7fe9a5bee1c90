"""The way out for libraries that bring httpx along: their requests pass the same rules as all others.

Importing this imports httpx, which only who has such a library loaded should do.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Final, Protocol

import aiohttp
import httpx

from orchestrator.capabilities.egress.client import Egress, Limits, Response, unpacked
from orchestrator.capabilities.egress.errors import EgressError, EgressFailed, EgressRefused

_MOST_BYTES: Final = 32 * 1024 * 1024
_PACKING: Final = frozenset({"content-encoding", "content-length"})
_OWN: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class Listener(Protocol):
    """Hears an answer before the library that asked for it, which gets what `take` and `end` give."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None: ...

    def take(self, piece: bytes) -> bytes: ...

    def end(self) -> bytes: ...

    def fail(self, error: EgressError) -> None: ...


class EgressTransport(httpx.AsyncBaseTransport):
    """Sends requests to `hosts` alone (each `host` or `host:port`), without following redirects."""

    def __init__(self, egress: Egress, hosts: Iterable[str], limits: Limits, listener: Listener) -> None:
        self._egress = egress
        self._hosts = frozenset(hosts)
        self._limits = limits
        self._listener = listener
        self._open = AsyncExitStack()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._answer(request)
        except EgressError as error:
            self._listener.fail(error)
            raise _in_its_words(error, request) from error
        self._listener.begin(response.status, response.headers)
        # What goes on is unpacked here, where all of it has a cap.
        told = [(name, value) for name, value in response.headers.items() if name.lower() not in _PACKING]
        return httpx.Response(response.status, headers=told, stream=_Body(response, request, self._listener))

    async def _answer(self, request: httpx.Request) -> Response:
        url = self._egress.checked(str(request.url))
        if url.host not in self._hosts and f"{url.host}:{url.port}" not in self._hosts:
            raise EgressRefused(f"{url.host} is no host of this provider", cure="Name its address in the server's environment.")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        body = await request.aread()
        opened = self._egress.open(request.method, url, headers=headers, body=body or None, limits=self._limits)
        return await self._open.enter_async_context(opened)

    async def aclose(self) -> None:
        """Let go of every answer, read or not."""
        await self._open.aclose()


class SilentTransport(httpx.AsyncBaseTransport):
    """Sends nothing, and answers with an empty stream."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, request=request)


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: Response, request: httpx.Request, listener: Listener) -> None:
        self._response = response
        self._request = request
        self._listener = listener

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in unpacked(self._response, _MOST_BYTES):
                yield self._listener.take(piece)
        except EgressFailed as error:
            raise self._broken(error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            told = f"The answer broke off: {type(error).__name__}"
            raise self._broken(EgressFailed(told, kind="bad_response", cure="Try again.")) from error
        yield self._listener.end()

    def _broken(self, error: EgressFailed) -> httpx.TransportError:
        self._listener.fail(error)
        return _in_its_words(error, self._request)


def _in_its_words(error: EgressError, request: httpx.Request) -> httpx.TransportError:
    """After other errors than these libraries ask again on their own, and whoever pays for that does not know it."""
    timeout = isinstance(error, EgressFailed) and error.kind == "timeout"
    return (httpx.ReadTimeout if timeout else httpx.ReadError)(error.message, request=request)
