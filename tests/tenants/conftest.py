"""Fixtures of the walls: two houses side by side."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tenants.vault.master_key import master_key
from tests.tenants.cast import CANARY, House, build_house


@pytest.fixture(autouse=True)
def key_file(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A master key of the test's own."""
    path = tmp_path / "keys" / "master.key"
    settings.MASTER_KEY_PLACE = {"file": path, "never_in": tmp_path / "data"}
    master_key.cache_clear()
    yield path
    master_key.cache_clear()


@pytest.fixture
def alpha(db: None) -> House:
    """The tenant whose data nobody else may see."""
    return build_house("alpha", CANARY)


@pytest.fixture
def beta(db: None) -> House:
    """The neighbour."""
    return build_house("beta", "plain")
