"""Follows the events of a run until it has ended, over any number of connections."""

import time
from collections.abc import Iterator
from typing import Final

from baton_client.connection import Connection, Request
from baton_client.errors import bad_answer
from baton_client.events import Event
from baton_client.fields import Fields
from baton_client.rows import Run

PAGE: Final = 500
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 2.0


class Pace:
    """How often is asked: at once while something happens, less and less often while nothing does."""

    def __init__(self) -> None:
        self._wait_s = FIRST_WAIT_S

    def wait(self, at_most_s: float = LONGEST_WAIT_S) -> None:
        time.sleep(max(min(self._wait_s, at_most_s), 0.0))
        self._wait_s = min(self._wait_s * 1.5, LONGEST_WAIT_S)

    def quicken(self) -> None:
        self._wait_s = FIRST_WAIT_S


def run_of(connection: Connection, run_id: str) -> Run:
    return Run.read(Fields(connection.json(Request("GET", f"runs/{run_id}"))))


def events_of(connection: Connection, run_id: str, after: int, *, live: bool, unattended: bool) -> Iterator[Event]:
    """Each event after number `after` once and in order. `live`: until the run has ended, not only those of now.

    `unattended`: until it waits for a person, too.
    """
    last, type_of_last, pace = after, "", Pace()
    while True:
        page = Fields(connection.json(Request("GET", f"runs/{run_id}/events", {"after": last, "limit": PAGE})))
        news = _following(last, page)
        for event in news:
            last, type_of_last = event.seq, event.type
            yield event
            if event.ends_run:
                return
        if news:
            pace.quicken()
            if page.flag("more"):
                continue
        if not live or (_may_be_over(type_of_last, unattended) and _is_over(run_of(connection, run_id), last, unattended)):
            return
        type_of_last = type_of_last or "asked"
        pace.wait()


def _following(last: int, page: Fields) -> list[Event]:
    news = [event for event in page.list("events", Event.read) if event.seq > last]
    if [event.seq for event in news] != list(range(last + 1, last + 1 + len(news))):
        raise bad_answer(f"The server left out events after number {last}.")
    return news


def _may_be_over(type_of_last: str, unattended: bool) -> bool:
    """The log says when a run ends. It must be asked for only where that may have been before the events that were wanted."""
    return not type_of_last or (unattended and type_of_last == "run_suspended")


def _is_over(run: Run, last: int, unattended: bool) -> bool:
    return run.last_seq <= last and (run.ended or (unattended and run.waits_for_person))
