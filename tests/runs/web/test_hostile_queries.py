"""Whatever stands in a query: every list and every page that reads one answers, or refuses clearly."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.runs.factories import World, world
from tests.tenants.isolation.test_walk import ALL_ROUTES, Route

NAMES = ("cursor", "after", "limit", "graph", "status", "by", "from", "to", "agent", "model", "user", "path")
"""Every query parameter that a list or a page knows."""

pytestmark = pytest.mark.usefixtures("broker")


def cursor(*parts: object) -> str:
    text = json.dumps([part if isinstance(part, int | float | list | None) else str(part) for part in parts])
    return base64.urlsafe_b64encode(text.replace(", ", ",").encode("utf-8", "surrogatepass")).decode().rstrip("=")


MOMENTS = st.one_of(
    st.datetimes(timezones=st.none() | st.timezones()).map(lambda at: at.isoformat()),
    st.sampled_from(
        [
            f"{day}T{time}{zone}"
            for day in ("0001-01-01", "0001-01-02", "9999-12-31", "9999-12-30", "2026-02-30", "0000-01-01", "-0001-01-01")
            for time in ("00:00:00", "23:59:59.999999")
            for zone in ("", "Z", "+00:00", "+14:00", "-12:00", "+23:59", "-23:59")
        ]
    ),
)
LASTS = [UUID(int=0), UUID(int=2**128 - 1), "", "\x00", "{00000000-0000-0000-0000-000000000000}"]
ODD = st.sampled_from([None, [], 10**400, -1, 2**31, 1.5, True, "\0", "a" * 2000, "[" * 900, "name", 0])
CURSORS = st.builds(cursor, MOMENTS, st.sampled_from(LASTS)) | st.builds(cursor, ODD) | st.builds(cursor, ODD, ODD)
NUMBERS = st.sampled_from(["0", "-1", "9" * 15, "9" * 40, "1e9", "٣", "0x10", "NaN", "00", "+5", " 1"])
TEXTS = st.text(max_size=40) | st.sampled_from(["\x00", "a\x00b", "\ud7ff\ue000", "%00", "'", '"', "../../etc", "🜏" * 40, "a" * 5000])
VALUES = CURSORS | NUMBERS | MOMENTS | TEXTS


@pytest.fixture
def place(database: Any) -> World:
    place = world()
    place.run("x")
    return place


@pytest.fixture
def addresses(place: World) -> list[str]:
    """Of all that answers GET."""
    known = {
        "run_id": str(place.run("y").pk),
        "slug": "graph",
        "number": 1,
        "sha256": "0" * 64,
        "token": "t",
        "name": "openai",
        "code": "x",
    }
    found = []
    for pattern, parameters in ALL_ROUTES:
        if "admin" not in pattern and "switch" not in pattern and not pattern.startswith("api/v1/schema"):
            values = {name: known.get(name, uuid4()) for name in parameters}
            found.append(Route(pattern, parameters).url(values).partition("?")[0])
    return found


def browser(place: World) -> Client:
    client = Client()
    client.force_login(place.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


LISTS = (
    *(f"/api/v1/{name}" for name in ("runs", "approvals", "graphs", "graphs/graph/versions", "agents", "node-kinds", "models", "costs")),
    *(f"/api/v1/{name}" for name in ("tools", "policy/versions", "keys", "invitations", "providers", "members", "rights")),
    *(f"/api/v1/graphs/graph/{name}" for name in ("files", "access")),
    *("/runs/", "/approvals/"),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=VALUES)
@example(text=cursor("0001-01-01T00:00:00+14:00", LASTS[0]))
@example(text=cursor("9999-12-31T23:59:59-12:00", LASTS[0]))
@example(text=cursor("a\0b"))
@example(text=base64.urlsafe_b64encode(b"\xff\xfe").decode())
@example(text=base64.urlsafe_b64encode(b"[" * 1000).decode())
@example(text=base64.urlsafe_b64encode(b"[" + b"9" * 1000 + b"]").decode())
@example(text=cursor("9999-12-31T23:59:59.999999+00:00", LASTS[0]))
@example(text=cursor("0001-01-01T00:00:00+00:00", LASTS[0]))
def test_a_cursor_that_no_page_gave_is_refused_or_leads_somewhere(place: World, text: str) -> None:
    """W11: moments near the years 1 and 9999, without zone or in odd ones, and what is no cursor at all."""
    client = browser(place)
    for path in LISTS:
        answer = client.get(f"{path}?{urlencode({'cursor': text})}")
        assert answer.status_code in (200, 400), (path, text)


def test_a_text_in_the_place_of_a_moment_is_refused(place: World) -> None:
    """W11: the cursor of one list at another."""
    answer = browser(place).get(f"/api/v1/runs?cursor={cursor('tools')}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.0", "", "x", "٣", "9" * 40, "1&limit=2"])
@pytest.mark.parametrize("path", [path for path in LISTS if path.startswith("/api/")])
def test_a_limit_out_of_range_is_refused(place: World, path: str, limit: str) -> None:
    answer = browser(place).get(f"{path}?limit={limit}")
    assert answer.status_code == 400 and "limit" in answer.json()["detail"], answer.content


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), text=VALUES)
@example(name="graph", text="a\x00b")
@example(name="agent", text="\x00")
@example(name="path", text="\x00")
@example(name="after", text="9" * 15)
@example(name="from", text="0001-01-01")
@example(name="to", text="9999-12-31")
def test_no_query_makes_a_fault(place: World, addresses: list[str], name: str, text: str) -> None:
    """W11: on every address that answers GET."""
    client = browser(place)
    for path in addresses:
        answer = client.get(f"{path}?{urlencode({name: text})}")
        assert answer.status_code < 500, (path, name, text)


def numbers_in_addresses() -> Iterator[str]:
    for pattern, parameters in ALL_ROUTES:
        if "number" in parameters:
            for number in (0, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, 10**300):
                yield Route(pattern, parameters).url({"number": number, "slug": "graph"})


def test_no_number_in_an_address_makes_a_fault(place: World) -> None:
    """W11"""
    client = browser(place)
    for path in numbers_in_addresses():
        assert client.get(path).status_code in (404, 405), path


def test_a_tenant_without_a_policy_has_no_versions_of_it(place: World) -> None:
    """W11: asking for them was a fault."""
    answer = browser(place).get("/api/v1/policy/versions")
    assert answer.status_code == 200 and answer.json() == {"versions": [], "next": None}


@pytest.mark.parametrize(
    "cookie", [r'"abcdefgh\000ijk"', '"' + r"\000" * 32 + '"', r'"\377\376abcdefgh"', "\xff\xfeabcdefgh", "a" * 5000, "'" * 32]
)
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages"])
def test_a_cookie_that_nobody_was_given_signs_nobody_in(place: World, name: str, cookie: str) -> None:
    """Cookies may be written in quotes with octal numbers, NUL among them."""
    for address, told in (("/", 302), ("/sign-in/", 200), ("/api/v1/graphs", 401)):
        answer = Client(raise_request_exception=False).get(address, headers={"cookie": f"{name}={cookie}"})
        assert answer.status_code == told, (address, answer.status_code)
