"""A worker that lives and consumes nothing is started again, and its runs go on."""

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from orchestrator.processes import consumption, supervisor
from orchestrator.processes.consumption import ConsumptionWatch
from orchestrator.processes.supervisor import Child, Supervisor
from runs.health import probe
from runs.leases.lease import expire_leases_of
from runs.models import Probe
from runs.worker import scheduler
from runs.worker.scheduler import Scheduler
from tenants.isolation.scope import system_scope
from tests.faults.processes import freeze_between_commits, freeze_inside_a_commit
from tests.faults.servers import CELERY_WORKER, environment_of
from tests.faults.test_broker_down import DOCUMENT
from tests.faults.test_killed_workers import status
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.services import START_S, scratch_folder, wait_until


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch, database: Database, broker: str) -> None:
    """Seconds where the product takes minutes, and children that find this test's services."""
    monkeypatch.setattr(probe, "EVERY", timedelta(seconds=0.5))
    monkeypatch.setattr(probe, "PATIENCE", timedelta(seconds=1))
    monkeypatch.setattr(consumption, "SILENT", timedelta(seconds=4))
    monkeypatch.setattr(scheduler, "STRANDED_EVERY_S", 1.0)
    monkeypatch.setattr(consumption, "LOOK_S", 0.2)
    monkeypatch.setattr(consumption, "PATIENCE_S", 1.0)
    monkeypatch.setattr(consumption, "REDIS_URL", broker)
    monkeypatch.setattr(supervisor, "STOP_S", 1.0)
    for name, value in environment_of(database=database.url, redis=broker, folder=scratch_folder()).items():
        monkeypatch.setenv(name, value)


def handed_over(worker: str) -> None:
    with system_scope():
        expire_leases_of(worker)


@pytest.fixture
def worker(impatience: None) -> Iterator[Child]:
    kept = Supervisor(scratch_folder(), lambda _text: None)
    child = Child("worker", [sys.executable, "-W", "ignore", *CELERY_WORKER], handed_over, ConsumptionWatch().out_of_patience)
    kept.start(child)
    threads = [threading.Thread(target=kept.watch), threading.Thread(target=Scheduler().keep_ticking, args=[kept.stopping.wait])]
    for thread in threads:
        thread.start()
    yield child
    kept.stopping.ask()
    for thread in threads:
        thread.join()
    kept.stop()


def consumes() -> bool:
    with system_scope():
        return Probe.objects.filter(seen_at__isnull=False).exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("freeze", [freeze_between_commits, freeze_inside_a_commit])
def test_f05_a_worker_that_does_not_consume_is_started_again(
    worker: Child, database: Database, freeze: Callable[[int, Database], None]
) -> None:
    """F05. Inside a commit it keeps everybody from writing, those too who would tell of it."""
    wait_until(consumes, START_S, "the worker consumes")
    assert worker.process is not None
    frozen = worker.process.pid
    freeze(frozen, database)
    wait_until(lambda: worker.process is not None and worker.process.pid != frozen, START_S, "the worker was started again")
    run = world(DOCUMENT).run("x")
    wait_until(lambda: status(run) == "succeeded", START_S, "the run is executed")
