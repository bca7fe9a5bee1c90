"""Who a client is, and by what scheme and host it came: said by proxies of ours only."""

import asyncio
import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from orchestrator.processes.origin import parse
from orchestrator.processes.proxies import OwnProxies, networks
from tenants.people.sign_in import FAILURES_PER_ACCOUNT_AND_ADDRESS
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.live.test_sockets import cookie_of
from tests.runs.live.web import Web, stored, web_process

PROXY, STRANGER = "10.0.0.9", "203.0.113.5"
SAID = [
    (b"host", b"inner:8000"),
    (b"X-Forwarded-For", b"6.6.6.6, 198.51.100.7, 10.0.0.8"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"baton.example"),
    (b"forwarded", b"for=6.6.6.6"),
    (b"accept", b"text/html"),
]


async def seen(scope: dict[str, Any]) -> dict[str, Any]:
    """The scope as the application gets it."""
    found: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        found.append(scope)

    await OwnProxies(application)(scope, None, None)
    return found[0]


@pytest.fixture
def proxies(settings: Settings) -> None:
    settings.PROXY_NETWORKS = ["10.0.0.0/24", "::1"]


@pytest.mark.parametrize(("kind", "plain", "secure"), [("http", "http", "https"), ("websocket", "ws", "wss")])
async def test_only_a_proxy_of_ours_is_believed(proxies: None, kind: str, plain: str, secure: str) -> None:
    """W10: the client is the nearest hop that is no proxy of ours, whatever the client wrote before it."""
    own = await seen({"type": kind, "client": [PROXY, 1], "headers": SAID, "root_path": "/x"})
    assert (own["client"], own["scheme"], own["root_path"]) == (["198.51.100.7", 0], secure, "")
    assert sorted(own["headers"]) == [(b"accept", b"text/html"), (b"host", b"baton.example")]
    other = await seen({"type": kind, "client": [STRANGER, 1], "headers": SAID, "root_path": "/x"})
    assert (other["client"], other["scheme"], other["root_path"]) == ([STRANGER, 1], plain, "")
    assert sorted(other["headers"]) == [(b"accept", b"text/html"), (b"host", b"inner:8000")]


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (b"", PROXY),
        (b"nonsense", PROXY),
        (b"nonsense, 10.0.0.3", "10.0.0.3"),
        (b"10.0.0.2, 10.0.0.3", "10.0.0.2"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"6.6.6.6, , 7.7.7.7", "7.7.7.7"),
    ],
)
async def test_the_client_is_an_address_whatever_the_header_says(proxies: None, hops: bytes, client: str) -> None:
    """W10"""
    found = await seen({"type": "http", "client": [PROXY, 1], "headers": [(b"x-forwarded-for", hops)]})
    assert found["client"][0] == client and found["scheme"] == "http"


def test_a_network_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="BATON_TRUSTED_PROXIES"):
        networks(["10.0.0.0/8", "the proxy"])


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost", ("http", "localhost", 80)),
        ("https://localhost:443", ("https", "localhost", 443)),
        ("http://[::1]:8000", ("http", "::1", 8000)),
        *[(text, None) for text in ("null", "", "localhost", "http://", "ftp://localhost", "http://a@localhost", "http://localhost/x")],
        *[(text, None) for text in ("http://localhost:99999", "http://[::1", "http://localhost?x", "//localhost")],
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, origin: object) -> None:
    """W09"""
    assert parse(text) == origin


# A real server.

FOREIGN = ["http://127.0.0.1:{other}", "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1", "null"]

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def direct(database: Database, broker: str) -> Iterator[Web]:
    """Nothing in front."""
    with web_process(database, broker) as started:
        yield started


@pytest.fixture
def behind(database: Database, broker: str) -> Iterator[Web]:
    """Behind a proxy on this machine."""
    with web_process(database, broker, BATON_TRUSTED_PROXIES="127.0.0.0/8", BATON_ALLOWED_HOSTS="127.0.0.1,baton.example") as started:
        yield started


def send(web: Web, method: str, path: str, body: dict[str, str] | None = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    own = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(
        method, path, urlencode(body) if body else None, {**own, **{name.replace("_", "-"): headers[name] for name in headers}}
    )
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def guess(web: Web, number: int, **headers: str) -> int:
    page = send(web, "GET", "/sign-in/", **headers)
    token = next(value for name, value in page.getheaders() if name == "Set-Cookie" and "csrf" in value).split("=")[1].split(";")[0]
    scheme = headers.get("X_Forwarded_Proto", "http")
    own = {"Cookie": f"csrftoken={token}", "Origin": f"{scheme}://{headers.get('X_Forwarded_Host', f'127.0.0.1:{web.port}')}"}
    form = {"username": "demo", "password": f"guess {number}", "csrfmiddlewaretoken": token}
    return send(web, "POST", "/sign-in/", form, **own, **headers).status


@on_sqlite
def test_a_client_does_not_escape_its_throttle_by_naming_other_addresses(direct: Web) -> None:
    """W10"""
    tries = range(FAILURES_PER_ACCOUNT_AND_ADDRESS + 1)
    assert [guess(direct, n, X_Forwarded_For=f"6.6.6.{n}") for n in tries] == [400] * FAILURES_PER_ACCOUNT_AND_ADDRESS + [429]


@on_sqlite
def test_behind_a_proxy_clients_are_told_apart_and_cookies_are_secure(behind: Web) -> None:
    """W10, W09: a site that is https by its proxy sets no cookie that travels without."""
    by_https = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "baton.example"}
    tries = range(FAILURES_PER_ACCOUNT_AND_ADDRESS + 1)
    assert [guess(behind, n, X_Forwarded_For=f"6.6.6.{n}", **by_https) for n in tries] == [400] * len(tries)
    for headers, secure in ((by_https, True), ({}, False)):
        cookies = [value for name, value in send(behind, "GET", "/sign-in/", **headers).getheaders() if name == "Set-Cookie"]
        assert cookies and all(("Secure" in cookie) is secure for cookie in cookies)
    assert send(behind, "GET", "/sign-in/", X_Forwarded_Host="evil.example").status == 400


@on_sqlite
@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:{other}", "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1", "null"]
)
async def test_an_origin_that_differs_in_one_part_opens_no_socket_and_sends_no_form(direct: Web, origin: str) -> None:
    """W09"""
    place = await stored(world)
    cookie = await stored(cookie_of, place.user)
    foreign = origin.format(port=direct.port, other=direct.port + 1)
    async with direct.socket("live/", cookie) as opened:
        assert (await opened.receive_json(timeout=30))["type"] == "approvals", "control: the own origin opens one"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with direct.socket("live/", cookie, Origin=foreign):
            pass
    assert refused.value.status == 403
    answer = await asyncio.to_thread(
        send, direct, "POST", "/sign-out/", {"csrfmiddlewaretoken": "x" * 32}, Cookie="csrftoken=" + "x" * 32, Origin=foreign
    )
    assert answer.status == 403


@on_sqlite
async def test_a_page_that_came_by_https_through_a_proxy_opens_sockets(behind: Web) -> None:
    """W09, control: scheme and host are those that the proxy names."""
    place = await stored(world)
    cookie = await stored(cookie_of, place.user)
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "baton.example"}
    async with behind.socket("live/", cookie, Origin="https://baton.example", **said) as opened:
        assert (await opened.receive_json(timeout=30))["type"] == "approvals"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with behind.socket("live/", cookie, Origin="http://baton.example", **said):
            pass
