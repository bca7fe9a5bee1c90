"""Fixtures of tests that need real databases, a real broker and a worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker, Settings

from orchestrator.celery import app, broker_url
from orchestrator.settings.channel_layer import channel_layers
from runs.live.wake_ups import OUTBOX
from runs.worker import intake
from runs.worker.worker import RunWorker
from tests.model_server.server import ModelServer
from tests.runs.databases import Database, Templates, connected_to
from tests.runs.installation import Installation
from tests.runs.resources import ScriptedResources
from tests.runs.services import Postgres, Valkey, scratch_folder


@pytest.fixture(scope="session")
def service_folder() -> Iterator[Path]:
    folder = scratch_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey(service_folder: Path) -> Iterator[Valkey]:
    """One broker for all tests that leave it alone."""
    server = Valkey(service_folder / "valkey").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(service_folder: Path) -> Iterator[Postgres]:
    server = Postgres(service_folder / "postgres").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database_templates(service_folder: Path, request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Templates:
    return Templates(service_folder, lambda: request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, database_templates: Templates, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A fresh database as this process's own, everything committed for real. The test runs on both kinds."""
    with django_db_blocker.unblock():
        fresh = database_templates.fresh(request.param)
        with connected_to(fresh.url):
            yield fresh
        fresh.drop()


@pytest.fixture
def broker(valkey: Valkey, settings: Settings) -> str:
    """Frames and wake-ups travel through the real broker."""
    use_broker(valkey.url, settings)
    return valkey.url


def use_broker(url: str, settings: Settings) -> None:
    """Send frames and wake-ups through another broker; Celery keeps the connections of the first one otherwise."""
    settings.CHANNEL_LAYERS = channel_layers(url)
    app.conf.broker_url = broker_url(url)
    OUTBOX.forget()


@pytest.fixture
def resources() -> ScriptedResources:
    return ScriptedResources()


@pytest.fixture
def worker(database: Database, broker: str, resources: ScriptedResources, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunWorker]:
    """A worker of this process, on threads of its own. It soon makes room for a suspect."""
    monkeypatch.setattr(intake, "PATIENCE_S", (0.5, 1.0))
    running = RunWorker(resources)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def providers() -> Iterator[ModelServer]:
    """What the installation takes for the providers of its models."""
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="session")
def installation(
    database_templates: Templates, service_folder: Path, providers: ModelServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[Installation]:
    """One for all tests that leave its processes alone. Its worker has a broker of its own, or it would take other tests' wake-ups."""
    broker = Valkey(service_folder / "installation-valkey").start()
    with django_db_blocker.unblock():
        database = database_templates.fresh("sqlite")
        started = Installation(database, broker.url, service_folder / "installation", providers.base).start()
        yield started
        started.stop()
    broker.stop()
