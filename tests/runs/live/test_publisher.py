"""Frames while the broker is slow, or refuses: nothing that has no number gets lost, and memory stays bounded."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.ids import Path
from runs.live import publisher
from runs.live.publisher import FRAME_LIMIT, UNDER_WAY, Publisher

RUN, TENANT = UUID(int=1), UUID(int=2)


class Broker:
    """Takes messages while `open`; refuses while `broken`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[dict[str, Any]] = []
        self.under_way = self.most = 0
        self.open = asyncio.Event()
        self.broken = False
        monkeypatch.setattr(publisher, "send_to", self.send)

    async def send(self, group: str, message: dict[str, Any]) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.open.wait()
            if self.broken:
                raise OSError("away")
            self.taken.append(message)
        finally:
            self.under_way -= 1

    def runs(self) -> set[str]:
        return {run for message in self.taken if message["type"] == "tenant.runs" for run in message["runs"]}


@pytest.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch)


async def test_while_the_broker_does_not_keep_up_frames_gather(broker: Broker) -> None:
    showing = Publisher()
    runs = [UUID(int=number) for number in range(10, 10 + 3 * UNDER_WAY)]
    for seq in range(1, 4):
        for run in runs:
            showing.events(run, seq, [f'{{"seq":{seq}}}'], last=False)
            showing.changed(TENANT, run)
        await asyncio.sleep(0.05)
    assert broker.most <= UNDER_WAY
    broker.open.set()
    await showing.drain()
    assert broker.runs() == {str(run) for run in runs}
    frames = [message for message in broker.taken if message["type"] == "run.frame"]
    assert sum(frame["last"] - frame["first"] + 1 for frame in frames) == 3 * len(runs)
    assert len(frames) < 3 * len(runs)


async def test_what_gathers_is_bounded_and_becomes_a_hint(broker: Broker) -> None:
    showing = Publisher()
    for run in range(UNDER_WAY):
        showing.events(UUID(int=1000 + run), 1, ["{}"], last=True)
    for seq in range(1, 2001):
        showing.events(RUN, seq, ["x" * 1000], last=False)
        showing.delta(RUN, Path("a#1"), "y" * 100)
    pending = showing._pending[RUN]
    assert sum(map(len, pending.texts)) <= FRAME_LIMIT and not pending.deltas
    broker.open.set()
    await asyncio.sleep(0.3)
    [hint] = [message for message in broker.taken if message["last"] == 2000]
    assert (hint["first"], hint["events"]) == (1, "")


async def test_a_change_that_the_broker_refused_is_told_again(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "AGAIN_S", 0.05)
    broker.open.set()
    broker.broken = True
    showing = Publisher()
    showing.changed(TENANT, RUN)
    await asyncio.sleep(0.2)
    assert not broker.taken
    broker.broken = False
    await asyncio.sleep(0.2)
    assert broker.runs() == {str(RUN)}
    showing.changed(TENANT, UUID(int=9))
    await showing.drain()
    assert str(UUID(int=9)) in broker.runs()


async def test_a_quiet_list_hears_at_once_and_a_busy_one_of_many_changes_together(broker: Broker) -> None:
    broker.open.set()
    showing = Publisher()
    showing.changed(TENANT, RUN)
    for _ in range(3):
        await asyncio.sleep(0)
    assert broker.runs() == {str(RUN)}
    later = [UUID(int=number) for number in range(10, 30)]
    for run in later:
        showing.changed(TENANT, run)
        await asyncio.sleep(0)
    assert len(broker.taken) == 1
    await showing.drain()
    assert len(broker.taken) == 2 and broker.runs() == {str(run) for run in (RUN, *later)}
