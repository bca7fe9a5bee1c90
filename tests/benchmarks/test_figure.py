"""What the table says of us beside the peers."""

import pytest

from benchmarks.measuring.figure import Figure, table

TAKEN = {"ours": 40.0, "floor": 10.0, "Slow": 120.0, "Quick": 60.0}


def test_a_race_gives_every_peer_by_its_name() -> None:
    figure = Figure.of_race("chain", "us/node", TAKEN, goal=50.0)
    assert (figure.ours, figure.floor, figure.goal) == (40.0, 10.0, 50.0)
    assert figure.peers == {"Slow": 120.0, "Quick": 60.0}


def test_the_best_peer_is_shown_with_its_name_and_our_ratio_to_it() -> None:
    line = table([Figure.of_race("chain", "us/node", TAKEN)]).splitlines()[1]
    assert line.split() == ["chain", "us/node", "40.0", "10.0", "60.0", "Quick", "1.5", "x", "as", "good"]


@pytest.mark.parametrize(("more_is_better", "best", "times"), [(False, "Low", 2.0), (True, "High", 0.1)])
def test_which_peer_is_best_depends_on_what_is_measured(more_is_better: bool, best: str, times: float) -> None:
    figure = Figure("rate", "runs/s", 10.0, peers={"High": 100.0, "Low": 20.0}, more_is_better=more_is_better)
    assert (figure.best_peer, figure.times_best_peer) == (best, times)


def test_without_a_peer_nothing_is_said_of_one() -> None:
    figure = Figure.of_race("chain", "us/node", {"ours": 40.0})
    assert (figure.best_peer, figure.times_best_peer, figure.floor) == (None, None, None)
    assert table([figure]).splitlines()[1].split() == ["chain", "us/node", "40.0"]
