"""What the outbox gathers, and that it never stops telling."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from runs.live import outbox as room
from runs.live.outbox import Outbox

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    messages: Sent = []

    async def note(group: str, message: dict[str, Any]) -> None:
        messages.append((group, message))

    monkeypatch.setattr(room, "send_to", note)
    return messages


def told(sent: Sent) -> dict[str, list[str]]:
    return {group: sorted(message["runs"]) for group, message in sent}


def names(runs: list[UUID]) -> list[str]:
    return sorted(str(run) for run in runs)


def test_changes_of_a_moment_are_one_message_for_each_tenant(sent: Sent) -> None:
    outbox, one, other = Outbox(), uuid4(), uuid4()
    runs = [uuid4() for _ in range(30)]
    for run in runs:
        outbox.to_lists(one, run)
    outbox.to_lists(other, runs[0])
    outbox.settle()
    assert len(sent) == 2 and told(sent) == {f"tenant.{one.hex}": names(runs), f"tenant.{other.hex}": names(runs[:1])}
    outbox.to_lists(one, runs[1])
    outbox.settle()
    assert len(sent) == 3 and sent[-1][1]["runs"] == names(runs[1:2])


def test_what_wakes_workers_does_not_wait_for_what_gathers(sent: Sent) -> None:
    outbox = Outbox()
    outbox.to_lists(uuid4(), uuid4())
    outbox.to_group("worker.x", {"type": "worker.look"})
    outbox.settle()
    assert [message["type"] for _, message in sent] == ["worker.look", "tenant.runs"]


def test_after_a_broker_was_away_changes_are_told_again(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "REST_S", 0.3)
    outbox, tenant, run = Outbox(), uuid4(), uuid4()

    async def refuse(group: str, message: dict[str, Any]) -> None:
        raise OSError("away")

    working = room.send_to
    monkeypatch.setattr(room, "send_to", refuse)
    outbox.to_group("worker.x", {"type": "worker.look"})
    outbox.to_lists(tenant, uuid4())  # its time comes while the outbox rests
    outbox.settle()
    monkeypatch.setattr(room, "send_to", working)
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    outbox.to_lists(tenant, run)
    outbox.settle()
    assert told(sent) == {f"tenant.{tenant.hex}": [str(run)]}


def test_after_more_than_there_is_room_for_changes_are_told_again(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ROOM", 1)
    outbox, tenant, run = Outbox(), uuid4(), uuid4()
    with outbox._guard:  # the thread cannot begin: the first message fills the room
        outbox._waiting.put_nowait((0.0, lambda: None))
    outbox.to_lists(tenant, uuid4())
    outbox.settle()
    outbox.to_lists(tenant, run)
    outbox.settle()
    assert told(sent) == {f"tenant.{tenant.hex}": [str(run)]}


def test_what_finds_no_room_takes_nothing_from_another_tenant(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ROOM", 1)
    outbox, tenant, run = Outbox(), uuid4(), uuid4()
    with monkeypatch.context() as held:
        held.setattr(room.threading.Thread, "start", lambda _thread: None)  # nobody sends yet: the first message fills the room
        outbox.to_lists(tenant, run)
        outbox.to_lists(uuid4(), uuid4())
    outbox.to_lists(tenant, run)
    outbox._put(lambda: None)
    outbox.settle()
    assert told(sent) == {f"tenant.{tenant.hex}": [str(run)]}
