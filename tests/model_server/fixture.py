"""Pytest fixtures: import them in a conftest."""

from collections.abc import Iterator

import pytest

from tests.model_server.server import ModelServer


@pytest.fixture(scope="session")
def running_model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def model_server(running_model_server: ModelServer) -> ModelServer:
    """The one server of the session, with nothing scripted or recorded."""
    running_model_server.reset()
    return running_model_server
