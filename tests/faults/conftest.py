from collections.abc import Iterator

import pytest
from django.db import connection

from tests.faults.fixtures import processes, sink
from tests.faults.oracle import check_nothing_is_stranded
from tests.faults.processes import Processes

__all__ = ["processes", "sink"]


@pytest.fixture(autouse=True)
def _afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every fault the invariant holds, and no process of a test is there for the next one."""
    if "database" in request.fixturenames:
        request.getfixturevalue("database")
    yield
    if "processes" in request.fixturenames:
        started: Processes = request.getfixturevalue("processes")
        started.kill_all()
    if "database" in request.fixturenames:
        connection.close()
        check_nothing_is_stranded()
