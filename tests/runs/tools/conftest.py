"""The whole product with a folder of own tools."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.model_server import ModelServer
from tests.runs.checkout import blocks_of
from tests.runs.databases import Templates
from tests.runs.installation import Installation
from tests.runs.services import Valkey

BROKEN = "from orchestrator.capabilities.tools.tool import tool\n@tool\ndef broken(x): return x\n"


@pytest.fixture(scope="package")
def extended(
    database_templates: Templates,
    tmp_path_factory: pytest.TempPathFactory,
    service_folder: Path,
    providers: ModelServer,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Installation]:
    """Started with a folder that holds the README's tools, and a broken one that stops nothing."""
    folder = tmp_path_factory.mktemp("tools")
    weather, taxi = blocks_of("Your own tool", "python")
    for name, code in (("weather", weather), ("taxi", taxi), ("broken", BROKEN)):
        (folder / f"{name}.py").write_text(code)
        (folder / f"{name}.py").chmod(0o644)
    broker = Valkey(service_folder / "extended-valkey").start()
    with django_db_blocker.unblock():
        made = Installation(
            database_templates.fresh("sqlite"), broker.url, service_folder / "extended", providers.base, {"BATON_TOOLS": str(folder)}
        )
        made.start()
        done = made.manage("seed")  # as every start does
        assert done.returncode == 0, done.stderr
        yield made
        made.stop()
    broker.stop()
