"""The database's clock between two looks: whose time it shows, and that the way of an answer never moves it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from runs.leases import clock as clock_module
from runs.leases.clock import COARSE_US, DatabaseClock
from runs.leases.lease import Renewal

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000


class Machine:
    """What this machine's clocks show, in nanoseconds."""

    def __init__(self) -> None:
        self.time, self.monotonic = 1_700_000_000_123_456_789, 5_000_000_789

    def time_ns(self) -> int:
        return self.time

    def monotonic_ns(self) -> int:
        return self.monotonic


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    shown = Machine()
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(time_ns=shown.time_ns, monotonic_ns=shown.monotonic_ns))
    return shown


def answer(asked_at: float, answered_at: float, shown: datetime) -> Renewal:
    return Renewal({}, 0.0, asked_at, answered_at, shown)


def test_until_the_first_look_it_shows_the_machines_time_and_goes_on_by_its_monotonic_clock(machine: Machine) -> None:
    clock = DatabaseClock()
    assert clock.now_us() == 1_700_000_000_123_456
    machine.time += 3600 * 10**9
    machine.monotonic += 2 * 10**9
    assert clock.now_us() == 1_700_000_002_123_456, "the machine's clock was set, and time goes on as before"


@pytest.mark.parametrize("way_s", [0.0, 0.5, 4.0])
def test_what_the_database_showed_is_taken_for_the_middle_of_the_way(machine: Machine, way_s: float) -> None:
    """All in whole microseconds."""
    clock = DatabaseClock()
    clock.look(answer(1000.0, 1000.0 + way_s, NOON))
    machine.monotonic = int((1000 + way_s / 2) * 1e9)
    assert clock.now_us() == NOON_US and isinstance(clock.now_us(), int)


@pytest.mark.parametrize("way_s", [0.0, 0.5])
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(("beyond_us", "moves"), [(-1, False), (0, False), (1, True)])
def test_it_moves_only_by_more_than_the_way_and_the_coarseness_of_the_clock_explain(
    machine: Machine, way_s: float, direction: int, beyond_us: int, moves: bool
) -> None:
    clock = DatabaseClock()
    clock.look(answer(1000.0, 1000.0, NOON))
    off = direction * (int(way_s * 1e6) + COARSE_US + beyond_us)
    middle = timedelta(seconds=way_s / 2)
    clock.look(answer(1000.0, 1000.0 + way_s, NOON + middle + timedelta(microseconds=off)))
    machine.monotonic = 1000 * 10**9
    assert clock.now_us() == NOON_US + (off if moves else 0)
