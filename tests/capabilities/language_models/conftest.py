from collections.abc import Iterable

import pytest

from orchestrator.capabilities.language_models.dialects import DIALECTS
from tests.model_server.fixture import model_server, running_model_server

__all__ = ["model_server", "running_model_server"]


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterable[None]:
    """What one test teaches of a model is news to the next."""
    DIALECTS.forget()
    yield
    DIALECTS.forget()
