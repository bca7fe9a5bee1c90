"""Requests take turns between tenants, and nobody who is alone waits."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from pytest import MonkeyPatch

from orchestrator.processes.http_threads import ThreadedHandler
from orchestrator.processes.turns import BURST_S, OF_ONE, RECENT_S, SHARE, Sender, Turns, sender_of


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def began(turns: Turns, sender: Sender, count: int, until: asyncio.Event) -> list[asyncio.Task[None]]:
    async def request() -> None:
        async with turns.turn(sender):
            await until.wait()

    tasks = [asyncio.create_task(request()) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


def at_work(turns: Turns) -> int:
    return sum(turns._at_work.values())


async def test_tenant_that_is_alone_uses_every_thread() -> None:
    turns, done = Turns(), asyncio.Event()
    turns.charge(Sender(1), "a", 5.0)
    tasks = await began(turns, Sender(1), 6, done)
    assert at_work(turns) == 6
    done.set()
    await asyncio.gather(*tasks)
    assert at_work(turns) == 0


async def test_all_requests_of_a_tenant_are_of_one_caller_while_there_are_others() -> None:
    clock, done = Clock(), asyncio.Event()
    turns = Turns(clock)
    for credentials, tenant in ((1, "a"), (2, "a"), (3, "b")):
        turns.charge(Sender(credentials), tenant, 0.0)
    first, second = await began(turns, Sender(1), 4, done), await began(turns, Sender(2), 4, done)
    assert at_work(turns) == OF_ONE
    others = await began(turns, Sender(3), 1, done)
    assert at_work(turns) == OF_ONE + 1
    done.set()
    await asyncio.gather(*first, *second, *others)
    assert at_work(turns) == 0 and not turns._waiting


async def test_request_that_is_given_up_while_it_waits_takes_nobody_s_turn() -> None:
    turns, done = Turns(Clock()), asyncio.Event()
    turns.charge(Sender(1), "a", 0.0)
    turns.charge(Sender(2), "b", 0.0)
    tasks = await began(turns, Sender(1), OF_ONE + 3, done)
    tasks[OF_ONE].cancel()
    done.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[OF_ONE].cancelled() and all(task.done() and not task.cancelled() for task in tasks if task is not tasks[OF_ONE])


async def test_tenant_that_used_much_of_the_interpreter_s_time_is_let_in_later_and_others_at_once() -> None:
    clock, done = Clock(), asyncio.Event()
    turns = Turns(clock)
    turns.charge(Sender(2), "b", 0.0)
    turns.charge(Sender(1), "a", BURST_S + SHARE * 0.05)
    late = await began(turns, Sender(1), 1, done)
    assert at_work(turns) == 0
    other = await began(turns, Sender(2), 1, done)
    assert at_work(turns) == 1
    clock.now += 0.06
    await asyncio.sleep(0.06)
    assert at_work(turns) == 2
    done.set()
    await asyncio.gather(*late, *other)


async def test_tenant_that_has_sent_nothing_for_a_while_is_none_of_the_others() -> None:
    clock, done = Clock(), asyncio.Event()
    turns = Turns(clock)
    turns.charge(Sender(2), "b", 0.0)
    clock.now += RECENT_S + 1
    turns.charge(Sender(1), "a", 9.0)
    tasks = await began(turns, Sender(1), 5, done)
    assert at_work(turns) == 5
    done.set()
    await asyncio.gather(*tasks)


KEY, SESSION = (b"authorization", b"Bearer a"), (b"cookie", b"sessionid=a")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([KEY], [(b"authorization", b"Bearer b")], False),
        ([KEY], [(b"authorization", b"bearer   a ")], True),
        ([KEY], [KEY, (b"cookie", b"junk=1")], True),
        ([KEY], [KEY, SESSION], True),
        ([KEY], [SESSION], False),
        ([SESSION], [(b"cookie", b"sessionid=b")], False),
        ([SESSION], [(b"cookie", b"junk=2; sessionid=a; more=3")], True),
        ([SESSION], [(b"cookie", b"junk=2"), SESSION], True),
        ([SESSION], [SESSION, (b"authorization", b"Basic 7")], True),
        ([SESSION], [(b"cookie", b"sessionid=b; sessionid=a")], True),
        ([], [(b"cookie", b"junk=1")], True),
        ([], [(b"accept", b"x")], True),
        ([], [SESSION], False),
    ],
)
def test_who_is_signed_in_by_the_same_is_the_same_whatever_else_is_sent(one: list[Any], other: list[Any], same: bool) -> None:
    assert (sender_of({"headers": one}).credentials == sender_of({"headers": other}).credentials) is same


async def test_who_shows_something_new_each_time_takes_no_more_turns_than_others() -> None:
    """Keys that were made up, and keys seen for the first time."""
    turns, done = Turns(Clock()), asyncio.Event()
    turns.charge(Sender(1, "9.9.9.9"), "b", 0.0)
    tasks = [task for number in range(20) for task in await began(turns, Sender(100 + number, "1.1.1.1"), 1, done)]
    assert at_work(turns) == OF_ONE
    others = [*await began(turns, Sender(1, "1.1.1.1"), 1, done), *await began(turns, Sender(None, "2.2.2.2"), 1, done)]
    assert at_work(turns) == OF_ONE + 2
    done.set()
    await asyncio.gather(*tasks, *others)


async def test_who_sends_on_though_told_to_come_later_waits_while_there_are_others() -> None:
    clock = Clock()
    handler = ThreadedHandler()
    handler._turns = turns = Turns(clock)
    turns.charge(Sender(9), "other", 0.0)
    tenant, answers = SimpleNamespace(tenant_id="a"), [200] * 9 + [503] * 9
    waits = []
    for status in answers:
        request = SimpleNamespace(scope={"headers": [SESSION]}, membership=tenant)
        with MonkeyPatch.context() as patch:
            patch.setattr(handler, "_timed_response", lambda _request, status=status: (HttpResponse(status=status), 0.001))
            await handler.get_response_async(request)  # type: ignore[arg-type]
        waits.append(turns._early_s("a"))
    assert waits[8] <= 0 < waits[-1] <= 2
