"""In the engine's tests time passes only while nothing is to be done: they wait for nothing, and a slow machine changes no outcome."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.engine.idle_time import IdleTimeLoop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"idle time": IdleTimeLoop}
