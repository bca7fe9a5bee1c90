"""Programs open sockets with a key, over the real server: with the rights that the key has over REST."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from runs.models import Run
from tenants.isolation.scope import tenant_scope
from tenants.models import ApiKey
from tenants.people.api_keys import create_api_key, revoke_api_key
from tenants.roles import MemberRole
from tests.runs.databases import Database
from tests.runs.factories import World, member, world
from tests.runs.live.test_sockets import cookie_of, run_with_events
from tests.runs.live.web import Web, ending, heard, stored, web_process

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def web(database: Database, broker: str) -> Iterator[Web]:
    with web_process(database, broker) as started:
        yield started
    assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def place(database: Database) -> World:
    return world()


def key_of(place: World, role: MemberRole = MemberRole.VIEWER) -> tuple[str, ApiKey]:
    with tenant_scope(place.tenant.id):
        made = create_api_key(tenant=place.tenant, user=member(place.tenant, role))
    return made.secret, made.row


def shows(key: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **headers}


async def opening(web: Web, place: str, headers: dict[str, str]) -> int:
    """The status of the handshake."""
    async with aiohttp.ClientSession(headers=headers) as session:
        try:
            async with session.ws_connect(f"http://127.0.0.1:{web.port}/ws/{place}"):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status


async def test_a_key_opens_the_sockets_of_its_tenant(web: Web, place: World) -> None:
    run, (key, _) = await stored(lambda: (run_with_events(place, 3), key_of(place)))
    async with aiohttp.ClientSession(headers=shows(key)) as session:
        async with session.ws_connect(f"http://127.0.0.1:{web.port}/ws/runs/{run.pk}/?after=1") as opened:
            assert [event["seq"] for event in (await heard(opened))["events"]] == [2, 3]
        async with session.ws_connect(f"http://127.0.0.1:{web.port}/ws/live/") as opened:
            assert (await heard(opened))["type"] == "approvals"


async def test_w01_a_key_opens_nothing_of_another_tenant_and_a_wrong_one_nothing(web: Web, place: World) -> None:
    def foreign() -> tuple[Run, bytes]:
        other = world()
        return run_with_events(other, 3), cookie_of(other.user)

    (run, cookie), (key, _) = await stored(lambda: (foreign(), key_of(place)))
    path = f"runs/{run.pk}/"
    async with aiohttp.ClientSession(headers=shows(key)) as session:
        async with session.ws_connect(f"http://127.0.0.1:{web.port}/ws/{path}") as opened:
            assert (await ending(opened))[0] == 4404
    assert await opening(web, path, shows("baton_wrong")) == 403
    # The cookie opens it, but a key beside it counts alone.
    own = {"Cookie": cookie.decode(), "Origin": f"http://127.0.0.1:{web.port}"}
    assert await opening(web, path, own) == 101
    assert await opening(web, path, {**own, **shows("baton_wrong")}) == 403
    # Without an origin, or from a foreign one, a cookie opens nothing, whatever stands beside it.
    assert await opening(web, path, {"Cookie": cookie.decode()}) == 403
    assert await opening(web, path, {"Cookie": cookie.decode(), "Authorization": "Basic eDp4"}) == 403
    assert await opening(web, path, shows(key, Origin="http://evil.example")) == 403


async def test_w04_a_revoked_key_closes_its_sockets(web: Web, place: World) -> None:
    run, (key, row) = await stored(lambda: (run_with_events(place, 1), key_of(place, MemberRole.OWNER)))

    def revoke() -> None:
        with tenant_scope(place.tenant.id):
            revoke_api_key(key_id=row.pk, by=row.user)

    async with aiohttp.ClientSession(headers=shows(key)) as session:
        async with session.ws_connect(f"http://127.0.0.1:{web.port}/ws/runs/{run.pk}/") as opened:
            assert (await heard(opened))["type"] == "events"
            await stored(revoke)
            async with asyncio.timeout(8):
                assert (await ending(opened))[0] == 4401
