"""One client per set of rules and process, so that its connections are used again."""

from collections.abc import Iterable
from functools import lru_cache

from orchestrator.capabilities.egress.client import Egress


def shared_egress(private_hosts: Iterable[str] = ()) -> Egress:
    """The client for these private hosts; no other rules share its connections."""
    return _egress(frozenset(private_hosts))


@lru_cache(maxsize=64)
def _egress(private_hosts: frozenset[str]) -> Egress:
    return Egress(private_hosts=private_hosts)
