"""Time in the tests' own loop."""

import asyncio
import time

import pytest

from tests.engine.idle_time import run


def test_time_out_ends_what_never_ends_and_not_what_the_processor_held_up() -> None:
    async def held_up() -> str:
        async with asyncio.timeout(0.01):
            time.sleep(0.03)
            await asyncio.sleep(0)
            return "in time"

    async def endless() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(3600)

    began = time.monotonic()
    assert run(held_up()) == "in time"
    with pytest.raises(TimeoutError):
        run(endless())
    assert time.monotonic() - began < 60


def test_what_waits_longer_comes_later() -> None:
    async def order() -> list[int]:
        came: list[int] = []

        async def come(hours: int) -> None:
            await asyncio.sleep(hours * 3600)
            came.append(hours)

        await asyncio.gather(come(3), come(1), come(2))
        return came

    assert run(order()) == [1, 2, 3]
