"""The way out: what it refuses, where it connects, and how much it takes."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from orchestrator.capabilities.egress.addresses import is_public
from orchestrator.capabilities.egress.client import Egress, Limits
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused

PUBLIC = "93.184.216.34"


@dataclass
class Site:
    """A local server that answers with a handler and remembers the requests."""

    port: int = 0
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[Site]:
    found = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        found.seen.append((request.method, request.path, {name.lower(): value for name, value in request.headers.items()}))
        response: web.StreamResponse = await handler(request)
        return response

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


async def ok(_request: web.Request) -> web.Response:
    return web.Response(text="fine")


def to(location: str, status: int = 302) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


def egress_to(*ports: int, host: str = "shop.test") -> Egress:
    """Rules under which `host` on these ports is allowed, though it is this machine."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    return Egress(private_hosts=[f"{host}:{port}" for port in ports], resolve=resolve)


@asynccontextmanager
async def closing(egress: Egress) -> AsyncIterator[Egress]:
    try:
        yield egress
    finally:
        await egress.aclose()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:a00:1::f5ff:fffe",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_only_public_addresses_are_public(address: str) -> None:
    """N01"""
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "::ffff:8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "localhost",
        "①②⑦.⓪.⓪.①",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "100.64.0.1",
        "169.254.169.254",
        "[fd00::1]",
    ],
)
async def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    """N01"""
    async with site(ok) as local, closing(Egress()) as egress:
        with pytest.raises((EgressRefused, EgressFailed)):
            await egress.fetch("GET", f"http://{host}:{local.port}/", limits=Limits(total_s=3))
        assert local.seen == []


async def test_loopback_is_refused_by_rule_and_not_by_chance() -> None:
    """N01"""
    async with closing(Egress()) as egress:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(EgressRefused) as caught:
                await egress.fetch("GET", f"http://{host}:9/")
            assert "BATON_PRIVATE_HOSTS" in caught.value.cure


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x.test/",
        "ftp://x.test/",
        "//x.test",
        "x.test",
        "http://",
        "http://user:pw@x.test/",
        "http://x.test:99999/",
        "",
    ],
)
async def test_only_plain_http_addresses_are_taken(url: str) -> None:
    """N02"""
    async with closing(egress_to()) as egress:
        with pytest.raises(EgressRefused):
            await egress.fetch("GET", url)


async def test_a_name_with_one_private_address_is_refused() -> None:
    """N02"""

    async def resolve(_host: str, _port: int) -> list[str]:
        return [PUBLIC, "10.0.0.1"]

    async with closing(Egress(resolve=resolve)) as egress:
        with pytest.raises(EgressRefused):
            await egress.fetch("GET", "http://mixed.test/")


async def test_a_name_that_turns_private_after_the_check_is_refused() -> None:
    """N02"""
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def resolve(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    async with site(ok) as local, closing(Egress(resolve=resolve)) as egress:
        await egress.check(f"http://rebind.test:{local.port}/")
        with pytest.raises(EgressRefused):
            await egress.fetch("GET", f"http://rebind.test:{local.port}/")
        assert local.seen == []


async def test_a_name_is_resolved_once_and_keeps_its_host_header() -> None:
    """N02"""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with site(ok) as local, closing(Egress(private_hosts=[f"shop.test:{local.port}"], resolve=resolve)) as egress:
        got = await egress.fetch("GET", f"http://shop.test:{local.port}/path")
        assert (got.status, got.body, asked) == (200, b"fine", ["shop.test"])
        assert local.seen[0][2]["host"] == f"shop.test:{local.port}"


async def test_an_allowed_host_is_allowed_on_its_port_only() -> None:
    """N01"""
    async with site(ok) as first, site(ok) as second, closing(Egress(private_hosts=[f"127.0.0.1:{first.port}"])) as egress:
        assert (await egress.fetch("GET", f"http://127.0.0.1:{first.port}/")).body == b"fine"
        with pytest.raises(EgressRefused):
            await egress.fetch("GET", f"http://127.0.0.1:{second.port}/")


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/secret", "http://localhost:{port}/", "file:///etc/passwd", "gopher://shop.test/"]
)
async def test_a_redirect_is_checked_like_the_first_address(target: str) -> None:
    """N02"""
    async with site(ok) as inner, site(to(target.format(port=inner.port))) as outer, closing(egress_to(outer.port)) as egress:
        with pytest.raises(EgressRefused):
            await egress.fetch("GET", f"http://shop.test:{outer.port}/")
        assert len(outer.seen) == 1
        assert inner.seen == []


async def test_a_redirect_from_https_to_http_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """N02"""

    @asynccontextmanager
    async def answer(*_: object, **__: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(status=302, headers={"Location": "http://shop.test/"})

    egress = egress_to()
    monkeypatch.setattr(egress, "open", answer)
    with pytest.raises(EgressRefused, match="https to http"):
        await egress.fetch("GET", "https://shop.test/")


async def test_credentials_do_not_follow_to_another_host() -> None:
    """N04"""
    secret = {"Authorization": "Bearer canary", "Cookie": "canary", "X-Api-Key": "canary", "Accept": "text/plain"}
    async with (
        site(ok) as second,
        site(to(f"http://shop.test:{second.port}/there")) as first,
        closing(egress_to(first.port, second.port)) as egress,
    ):
        await egress.fetch("GET", f"http://shop.test:{first.port}/", headers=secret)
        assert "canary" in str(first.seen)
        assert "canary" not in str(second.seen)
        assert second.seen[0][2]["accept"] == "text/plain"


async def test_a_body_does_not_follow_to_another_host() -> None:
    """N04"""
    async with (
        site(ok) as second,
        site(to(f"http://shop.test:{second.port}/", 307)) as first,
        closing(egress_to(first.port, second.port)) as egress,
    ):
        with pytest.raises(EgressRefused):
            await egress.fetch("POST", f"http://shop.test:{first.port}/", body=b"canary")
        assert second.seen == []


async def test_a_form_post_becomes_a_get_on_the_same_host() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=303, headers={"Location": "/done"})
        return web.Response(text=request.method + request.path)

    async with site(handler) as shop, closing(egress_to(shop.port)) as egress:
        got = await egress.fetch("POST", f"http://shop.test:{shop.port}/", body=b"x")
        assert got.body == b"GET/done"


async def test_redirects_end() -> None:
    async with site(to("/again")) as shop, closing(egress_to(shop.port)) as egress:
        with pytest.raises(EgressFailed) as caught:
            await egress.fetch("GET", f"http://shop.test:{shop.port}/")
        assert caught.value.kind == "redirects"
        assert len(shop.seen) == 6


async def test_a_large_body_is_cut_off() -> None:
    """N05"""

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 65_536)
        return response

    async with site(flood) as shop, closing(egress_to(shop.port)) as egress:
        with pytest.raises(EgressFailed) as caught:
            await egress.fetch("GET", f"http://shop.test:{shop.port}/", limits=Limits(max_bytes=1_000_000))
        assert caught.value.kind == "too_large"


async def test_a_gzip_bomb_is_counted_unpacked() -> None:
    """N05"""
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 60_000

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with site(handler) as shop, closing(egress_to(shop.port)) as egress:
        with pytest.raises(EgressFailed) as caught:
            await egress.fetch("GET", f"http://shop.test:{shop.port}/", limits=Limits(max_bytes=100_000))
        assert caught.value.kind == "too_large"


async def test_a_packed_body_is_unpacked() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"hello " * 1000), headers={"Content-Encoding": "gzip"})

    async with site(handler) as shop, closing(egress_to(shop.port)) as egress:
        assert (await egress.fetch("GET", f"http://shop.test:{shop.port}/")).body == b"hello " * 1000


@asynccontextmanager
async def raw(write: Callable[[asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    """A server that writes bytes as it likes."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await write(writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_server_that_drips_is_given_up() -> None:
    """N05"""

    async def drip(writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw(drip) as port, closing(egress_to(port)) as egress:
        started = time.perf_counter()
        with pytest.raises(EgressFailed) as caught:
            await egress.fetch("GET", f"http://shop.test:{port}/", limits=Limits(total_s=0.5))
        assert caught.value.kind == "timeout"
        assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "header", [b"X-Long: " + b"a" * 1_000_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % number for number in range(200_000))]
)
async def test_a_header_bomb_is_refused(header: bytes) -> None:
    """N05"""

    async def bomb(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)

    async with raw(bomb) as port, closing(egress_to(port)) as egress:
        with pytest.raises(EgressFailed):
            await egress.fetch("GET", f"http://shop.test:{port}/", limits=Limits(total_s=10))


async def test_nobody_listening_and_unknown_names_are_failures_with_a_cure() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    async with closing(egress_to(9)) as egress, closing(Egress(resolve=unknown)) as other:
        for client, url in ((egress, "http://shop.test:9/"), (other, "http://nowhere.test/")):
            with pytest.raises(EgressFailed) as caught:
                await client.fetch("GET", url)
            assert caught.value.kind == "connection"
            assert caught.value.cure
