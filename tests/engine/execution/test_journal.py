"""How a run's own code writes its log: numbered, timed, folded, handed on; or none of it."""

from collections.abc import Sequence
from copy import deepcopy

import pytest

from orchestrator.engine.errors import IllegalTransition
from orchestrator.engine.execution.journal import Journal
from orchestrator.engine.log.events import Event, RunClaimed, RunStarted, RunSucceeded
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.testing import ManualClock, MemoryLog, WorkerDied


def test_each_event_has_the_next_number_and_the_time_and_is_in_the_log_and_in_the_state() -> None:
    state, log, clock = RunState(), MemoryLog(), ManualClock(time_us=100)
    journal = Journal(state, log, clock)
    for event in (RunStarted(input=1), RunClaimed(worker="w", epoch=1, cause="first"), RunSucceeded(output=2)):
        journal.record(event)
    assert [(event.type, event.seq, event.at_us) for event in log.events] == [
        ("run_started", 1, 101),
        ("run_claimed", 2, 102),
        ("run_succeeded", 3, 103),
    ]
    assert state == fold(log.events) and state.output == 2


def test_journal_goes_on_where_the_log_stopped() -> None:
    log = MemoryLog()
    Journal(RunState(), log, ManualClock()).record(RunStarted())
    Journal(fold(log.events), log, ManualClock()).record(RunClaimed(worker="w", epoch=1, cause="first"))
    assert [event.seq for event in log.events] == [1, 2]


def test_event_that_cannot_be_is_neither_in_the_log_nor_in_the_state() -> None:
    state, log = RunState(), MemoryLog()
    journal = Journal(state, log, ManualClock())
    journal.record(RunStarted())
    before = deepcopy(state)
    with pytest.raises(IllegalTransition):
        journal.record(RunSucceeded())
    assert (len(log.events), state) == (1, before)
    journal.record(RunClaimed(worker="w", epoch=1, cause="first"))
    assert log.events[-1].seq == 2, "the number was not used up"


class Watching(MemoryLog):
    """Notes what the state was when an event reached the log."""

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.seen: list[int] = []
        self._state = state

    def append(self, events: Sequence[Event]) -> None:
        self.seen.append(self._state.last_seq)
        super().append(events)


def test_event_is_in_the_state_before_it_is_handed_on() -> None:
    state = RunState()
    log = Watching(state)
    Journal(state, log, ManualClock()).record(RunStarted())
    assert log.seen == [1]


@pytest.mark.parametrize("durable", [0, 1])
def test_worker_of_the_tests_dies_after_so_many_events(durable: int) -> None:
    log = MemoryLog(die_after=durable)
    journal = Journal(RunState(), log, ManualClock())
    with pytest.raises(WorkerDied):
        for event in (RunStarted(), RunClaimed(worker="w", epoch=1, cause="first")):
            journal.record(event)
    assert len(log.events) == durable
