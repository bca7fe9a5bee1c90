"""Which peers there are."""

from benchmarks.peers.peer import present
from benchmarks.peers.roster import PEERS


def test_every_peer_has_a_name_of_its_own_and_none_is_a_word_of_the_race() -> None:
    names = [peer.name for peer in PEERS]
    assert len({*names, "ours", "floor"}) == len(names) + 2


def test_a_package_that_is_not_there_is_not_looked_for_inside() -> None:
    assert present("benchmarks.peers.peer")
    assert not present("no_such_package.inside")
