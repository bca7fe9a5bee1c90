"""A server that gives scripted answers, and a client that talks to it over real HTTP."""

from collections.abc import Iterator

import pytest
from baton_client import Baton

from tests.client.scripted_server import ScriptedServer

KEY = "bt_the-key-of-these-tests-0123456789"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def baton(server: ScriptedServer) -> Iterator[Baton]:
    with Baton(server.url, KEY, patience_s=5.0) as client:
        yield client
