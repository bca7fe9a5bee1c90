"""The client: checked resolution, checked redirects, limits on time and size."""

import asyncio
import socket
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from orchestrator.capabilities.egress.addresses import is_public
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused

Response = aiohttp.ClientResponse
"""An answer whose body is still to be read."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host name."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FOLLOWS: Final = 5
_CARRIED_TO_OTHER_HOSTS: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
_AGENT: Final = "Baton"
_PIECE: Final = 65_536
_ADDRESS_CURE: Final = "Give a full address such as https://example.com/path."


@dataclass(frozen=True)
class Limits:
    """`max_bytes` counts what the body is after decompression."""

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 30.0
    max_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True)
class Fetched:
    """A whole answer. `url` is where the last redirect led."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str


async def system_resolve(host: str, port: int) -> list[str]:
    """Ask the operating system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _CheckedResolver(AbstractResolver):
    """Gives the connector only addresses that may be connected to. It is asked once per connection."""

    def __init__(self, egress: "Egress") -> None:
        self._egress = egress

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        addresses = await self._egress.addresses(host, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Egress:
    """One set of rules. `private_hosts` are `host` or `host:port` that the operator allows although private."""

    def __init__(self, *, private_hosts: Iterable[str] = (), resolve: Resolve = system_resolve) -> None:
        self._private = frozenset(host.strip().lower() for host in private_hosts)
        self._resolve = resolve
        self._opened: dict[asyncio.AbstractEventLoop, tuple[aiohttp.ClientSession, AsyncGenerator[aiohttp.ClientSession]]] = {}

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: Limits | None = None,
    ) -> Fetched:
        """The whole answer, after at most five redirects."""
        within = limits or Limits()
        try:
            async with asyncio.timeout(within.total_s):
                return await self._follow(method.upper(), url, dict(headers or {}), body, within)
        except TimeoutError as error:
            raise EgressFailed(
                f"No answer within {within.total_s:g} s", kind="timeout", cure="Try again later, or allow more time."
            ) from error

    async def _follow(self, method: str, url: str, headers: dict[str, str], body: bytes | None, limits: Limits) -> Fetched:
        at = self.checked(url)
        for _ in range(_FOLLOWS + 1):
            async with self.open(method, at, headers=headers, body=body, limits=limits) as response:
                target = response.headers.get("Location")
                if response.status not in _REDIRECTS or not target:
                    content = await _read(response, limits.max_bytes)
                    shown = {name.lower(): value for name, value in response.headers.items()}
                    return Fetched(response.status, shown, content, str(at))
                after = self.checked(str(at.join(URL(target))))
                if at.scheme == "https" and after.scheme == "http":
                    raise EgressRefused("The redirect leads from https to http", cure="Use an address that stays on https.")
                if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                    method, body = "GET", None
                    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
            if after.origin() != at.origin():
                if body is not None:
                    raise EgressRefused("The redirect would send the body to another host", cure="Call the final address directly.")
                headers = {name: value for name, value in headers.items() if name.lower() in _CARRIED_TO_OTHER_HOSTS}
            at = after
        raise EgressFailed(f"More than {_FOLLOWS} redirects", kind="redirects", cure="Call the final address directly.")

    @asynccontextmanager
    async def open(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        limits: Limits,
    ) -> AsyncIterator[Response]:
        """One request without redirects, its body not yet read or decompressed. `url` comes from `checked`."""
        waits = aiohttp.ClientTimeout(total=limits.total_s, connect=limits.connect_s, sock_read=limits.read_s)
        try:
            session = await self._session()
            async with session.request(method, url, headers=headers, data=body, timeout=waits, allow_redirects=False) as response:
                yield response
        except TimeoutError as error:
            raise EgressFailed(
                f"{url.host} did not answer in time",
                kind="timeout",
                cure="Try again later, or allow more time.",
                sent=not isinstance(error, aiohttp.ConnectionTimeoutError),
            ) from error
        except aiohttp.InvalidURL as error:
            raise EgressRefused(f"Not an address: {str(url)[:200]!r}", cure=_ADDRESS_CURE) from error
        except aiohttp.ClientPayloadError as error:
            raise EgressFailed(f"{url.host} broke off its answer", kind="bad_response", cure="Try again.") from error
        except aiohttp.ClientConnectionError as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise EgressFailed(
                f"Cannot connect to {url.host}: {reason}",
                kind="connection",
                cure="Check the address and that the server runs.",
                sent=not isinstance(error, aiohttp.ClientConnectorError),
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise EgressFailed(f"{url.host} sent something that is not HTTP", kind="bad_response", cure="Check the address.") from error

    def checked(self, url: str) -> URL:
        """The address, when its form is allowed. Names are checked when they are resolved."""
        try:
            parsed = URL(url)
            host, port = parsed.host, parsed.port
        except ValueError as error:
            raise EgressRefused(f"Not an address: {url[:200]!r}", cure=_ADDRESS_CURE) from error
        if parsed.scheme not in ("http", "https") or not host or port is None:
            raise EgressRefused(
                f"Only http and https addresses are allowed, not {url[:200]!r}",
                cure=_ADDRESS_CURE,
            )
        if parsed.user or parsed.password:
            raise EgressRefused("The address contains credentials", cure="Send credentials in a header.")
        try:
            literal = str(ip_address(host.partition("%")[0]))
        except ValueError:
            return parsed
        self._admit(host, port, [literal])
        return parsed

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, when all of them may be connected to."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise OSError(None, f"the name {host} is not known") from error
        if not found:
            raise OSError(None, f"the name {host} has no address")
        self._admit(host, port, found)
        return found

    async def check(self, url: str) -> None:
        """Raise EgressRefused when a request to this address would be refused."""
        parsed = self.checked(url)
        try:
            await self.addresses(parsed.host or "", parsed.port or 0)
        except OSError as error:
            raise EgressRefused(f"Cannot resolve {parsed.host}", cure="Check the spelling of the address.") from error

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        opened = self._opened.get(asyncio.get_running_loop())
        if opened is not None:
            await opened[1].aclose()

    def _admit(self, host: str, port: int, addresses: list[str]) -> None:
        name = host.lower().rstrip(".")
        if name in self._private or f"{name}:{port}" in self._private:
            return
        if not all(is_public(address) for address in addresses):
            raise EgressRefused(
                f"{host} is not on the public internet",
                cure="Only public addresses can be reached. An operator can allow a private host with BATON_PRIVATE_HOSTS.",
            )

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            lifetime = self._lifetime(loop)
            opened = self._opened[loop] = (await anext(lifetime), lifetime)
        return opened[0]

    async def _lifetime(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[aiohttp.ClientSession]:
        """A session that lives as long as its loop: a loop that ends closes its async generators."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_CheckedResolver(self), use_dns_cache=False, limit=0, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"},
            max_line_size=8_190,
            max_field_size=8_190,
        )
        try:
            yield session
        finally:
            self._opened.pop(loop, None)
            await session.close()


async def unpacked(response: Response, most: int) -> AsyncIterator[bytes]:
    """The body piece by piece as it comes, decompressed, as long as all of it stays within the cap."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise EgressFailed(f"The answer is compressed as {encoding}", kind="encoding", cure="Ask for gzip or no compression.")
    unpack = None if encoding in ("identity", "") else zlib.decompressobj(zlib.MAX_WBITS | 32)
    left = most
    async for packed in response.content.iter_any():
        while packed:
            try:
                piece = unpack.decompress(packed, min(_PIECE, left + 1)) if unpack else packed
            except zlib.error as error:
                raise EgressFailed("The answer is not validly compressed", kind="bad_response", cure="Try again.") from error
            left -= len(piece)
            if left < 0:
                raise EgressFailed(f"The answer is larger than {most} bytes", kind="too_large", cure="Ask for less, such as one page.")
            packed = unpack.unconsumed_tail if unpack else b""
            yield piece


async def _read(response: Response, most: int) -> bytes:
    """The whole decompressed body, as long as it stays within the cap."""
    return b"".join([piece async for piece in unpacked(response, most)])
