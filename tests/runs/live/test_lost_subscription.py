"""The broker cuts the web process off from what is sent to it: whoever watches there is told, or finds what was missed."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import redis

from runs.live.groups import send_to, tenant_group
from runs.models import Run
from tenants.isolation.scope import system_scope
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.live.test_sockets import add_events, cookie_of, run_with_events
from tests.runs.live.web import Opened, Web, ending, heard, stored, web_process
from tests.runs.services import Valkey

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def web(database: Database, broker: str) -> Iterator[Web]:
    with web_process(database, broker) as started:
        yield started


@pytest.fixture
def place(database: Database) -> World:
    return world()


async def setup(place: World, count: int) -> tuple[list[Run], bytes]:
    return await stored(lambda: ([run_with_events(place, 1) for _ in range(count)], cookie_of(place.user)))


def cut_off(valkey: Valkey) -> None:
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        assert int(client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")) > 0


def ended(run: Run) -> None:
    with system_scope():
        Run.objects.filter(pk=run.pk).update(status="succeeded")


async def silent(opened: Opened, seconds: float) -> bool:
    try:
        await opened.receive(timeout=seconds)
    except TimeoutError:
        return True
    return False


async def heard_until(opened: Opened, kind: str) -> list[dict[str, Any]]:
    messages = [await heard(opened)]
    while messages[-1]["type"] != kind:
        messages.append(await heard(opened))
    return messages


async def test_lists_are_told_to_ask_again_when_the_subscription_broke(web: Web, place: World, valkey: Valkey) -> None:
    [run, other], cookie = await setup(place, 2)
    async with web.socket("live/", cookie) as feed:
        assert await heard(feed) == {"type": "approvals", "count": 0}
        assert await silent(feed, 2.5), "nothing was missed so far"
        for _ in range(2):
            cut_off(valkey)
            await stored(ended, run)
            await send_to(tenant_group(place.tenant.pk), {"type": "tenant.runs", "runs": [str(run.pk)]})
            assert {"type": "resync"} in await asyncio.wait_for(heard_until(feed, "resync"), 10)
            await feed.send_json({"type": "runs", "runs": [str(run.pk)]})
            told = [
                message["run"]
                for message in await heard_until(feed, "approvals") + await heard_until(feed, "approvals")
                if "run" in message
            ]
            assert {(shown["id"], shown["status"]) for shown in told} == {(str(run.pk), "succeeded")}
        await send_to(tenant_group(place.tenant.pk), {"type": "tenant.runs", "runs": [str(other.pk)]})
        assert (await heard(feed))["run"]["id"] == str(other.pk), "it hears again"


async def test_a_run_is_shown_to_its_end_when_the_subscription_broke(web: Web, place: World, valkey: Valkey) -> None:
    [run], cookie = await setup(place, 1)
    async with web.socket(f"runs/{run.pk}/?after=1", cookie) as opened:
        assert (await heard(opened))["type"] == "caught_up"
        cut_off(valkey)
        await stored(add_events, run, 2, 4)
        shown = await asyncio.wait_for(heard(opened), 5)
    assert [event["seq"] for event in shown["events"]] == [2, 3, 4]


async def test_what_names_no_runs_is_not_understood(web: Web, place: World) -> None:
    """W03"""
    _, cookie = await setup(place, 0)
    for runs in (["x"], [3], [None], "x", {}, None, [str(uuid4())] * 501):
        async with web.socket("live/", cookie) as feed:
            await feed.send_json({"type": "runs", "runs": runs})
            assert (await ending(feed))[0] == 4400, runs


async def test_how_a_foreign_run_stands_is_not_told(web: Web, place: World) -> None:
    [own], cookie = await setup(place, 1)
    foreign = await stored(lambda: world().run("x"))
    async with web.socket("live/", cookie) as feed:
        await heard(feed)
        await feed.send_json({"type": "runs", "runs": [str(foreign.pk), str(uuid4()), str(own.pk)]})
        assert [message.get("run", {}).get("id") for message in await heard_until(feed, "approvals")] == [str(own.pk), None]
