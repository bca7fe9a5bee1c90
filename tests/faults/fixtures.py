"""Fixtures of the fault tests."""

from collections.abc import Iterator

import pytest

from tests.faults.processes import Processes
from tests.model_server.server import ModelServer
from tests.runs.services import Valkey


@pytest.fixture(scope="module")
def sink() -> Iterator[ModelServer]:
    """Sees from outside what tools have really done."""
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def processes(valkey: Valkey, sink: ModelServer) -> Iterator[Processes]:
    started = Processes(valkey.url, f"{sink.url}/sink")
    yield started
    started.stop_all()
