"""Every event once and in order, whatever happens to the connection."""

from typing import Any

import pytest
from baton_client import Baton, BatonError
from baton_client import connection as connection_module
from baton_client import following as following_module
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.client.conftest import KEY
from tests.client.scripted_server import RUN, Scripted, ScriptedServer, answer, event_row, events_page, problem, run_row

RUN_PATH = f"runs/{RUN}"
EVENTS = f"{RUN_PATH}/events"


def seqs(baton: Baton, after: int = 0, **rest: bool) -> list[int]:
    return [event.seq for event in baton.events(RUN, after, **rest)]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following_module, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(connection_module, "FIRST_WAIT_S", 0.01)


def test_events_come_until_the_run_has_ended(server: ScriptedServer, baton: Baton) -> None:
    last = event_row(3, "run_succeeded")
    server.script(EVENTS, events_page(event_row(1), event_row(2)), events_page(), events_page(last))
    assert seqs(baton) == [1, 2, 3]
    assert [seen.query["after"] for seen in server.asked(EVENTS)] == ["0", "2", "2"]


def test_following_goes_on_where_the_connection_was_lost(server: ScriptedServer, baton: Baton) -> None:
    second = events_page(event_row(3), event_row(4, "run_failed"))
    cut = Scripted(second.body, cut=len(second.body) // 2)
    away = problem(503, headers={"Retry-After": "0"})
    server.script(EVENTS, events_page(event_row(1), event_row(2)), cut, away, Scripted(b"", status=502, kind="text/html"), second)
    assert seqs(baton) == [1, 2, 3, 4]
    assert [seen.query["after"] for seen in server.asked(EVENTS)] == ["0", "2", "2", "2", "2"]


def test_what_comes_again_is_not_given_again(server: ScriptedServer, baton: Baton) -> None:
    server.script(EVENTS, events_page(event_row(1), event_row(2)), events_page(event_row(1), event_row(2), event_row(3, "run_cancelled")))
    assert seqs(baton) == [1, 2, 3]


@pytest.mark.parametrize("rows", [[1, 3], [2, 3], [1, 3, 2], [1, 1, 2]])
def test_a_gap_is_an_error_and_never_passed_over(server: ScriptedServer, baton: Baton, rows: list[int]) -> None:
    server.script(EVENTS, events_page(*(event_row(seq) for seq in rows)), problem(404))
    with pytest.raises(BatonError) as told:
        seqs(baton)
    assert told.value.code == "bad_answer" and "after number 0" in told.value.detail


@pytest.mark.parametrize("row", [event_row(1, at_us=10**30), event_row(1, at_us=1.5), {"seq": 1}, 7, event_row(1, type=None)])
def test_what_is_no_event_is_an_error(server: ScriptedServer, baton: Baton, row: Any) -> None:
    server.script(EVENTS, answer({"events": [row], "last_seq": 1, "more": False}))
    with pytest.raises(BatonError) as told:
        seqs(baton)
    assert told.value.code == "bad_answer"


def test_pages_without_events_that_promise_more_are_asked_for_slowly(
    server: ScriptedServer, baton: Baton, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(following_module.time, "sleep", waits.append)
    server.script(EVENTS, *[events_page(more=True)] * 5, events_page(event_row(1, "run_succeeded")))
    server.script(RUN_PATH, answer(run_row()))
    assert seqs(baton) == [1] and len(waits) == 5 and waits == sorted(waits) and waits[4] > waits[0]


def test_a_run_that_ended_before_is_not_waited_for(server: ScriptedServer, baton: Baton) -> None:
    server.script(EVENTS, events_page())
    server.script(RUN_PATH, answer(run_row("succeeded", last_seq=9)))
    assert seqs(baton, after=9) == []


def test_events_of_now_are_not_waited_for(server: ScriptedServer, baton: Baton) -> None:
    server.script(EVENTS, events_page(event_row(1), more=True), events_page(event_row(2)))
    assert seqs(baton, follow=False) == [1, 2] and len(server.seen) == 2


def test_where_nobody_is_there_following_ends_with_the_question(server: ScriptedServer, baton: Baton) -> None:
    server.script(EVENTS, events_page(event_row(1), event_row(2, "run_suspended", waiting_on=["a"])), events_page())
    server.script(RUN_PATH, answer(run_row("running", last_seq=2)), answer(run_row("waiting", waiting=1, last_seq=2)))
    assert seqs(baton, unattended=True) == [1, 2]
    assert seqs(baton, after=2, unattended=True) == []


def test_an_error_ends_following(server: ScriptedServer, baton: Baton) -> None:
    server.script(EVENTS, events_page(event_row(1)), problem(404, "not_found"))
    with pytest.raises(BatonError) as told:
        seqs(baton)
    assert told.value.code == "not_found"


@settings(max_examples=25, deadline=None)
@given(data=some.data())
def test_any_pages_and_failures_give_each_event_once(data: some.DataObject) -> None:
    """The law: whatever pages the server cuts the log into, and whatever fails between them, the log comes out."""
    length = data.draw(some.integers(1, 12))
    rows = [*(event_row(seq) for seq in range(1, length)), event_row(length, "run_succeeded")]
    with ScriptedServer() as server, Baton(server.url, KEY, patience_s=20.0) as baton:
        at = 0
        while at < length:
            for _ in range(data.draw(some.integers(0, 2))):
                server.script(EVENTS, data.draw(some.sampled_from(FAILURES)))
            again, size = data.draw(some.integers(0, at)), data.draw(some.integers(1, 5))
            server.script(EVENTS, events_page(*rows[at - again : at + size], more=data.draw(some.booleans())))
            at += size
        server.script(RUN_PATH, answer(run_row()))
        assert seqs(baton) == list(range(1, length + 1))


FAILURES = [
    problem(503, headers={"Retry-After": "0"}),
    Scripted(b'{"events": [', cut=5),
    events_page(),
]
