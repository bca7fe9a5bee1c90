"""F05: the broker is away; runs are taken, executed, and named at again when it is back."""

import os
import signal
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from runs.control.principal import Principal
from runs.control.start import start_run
from runs.health import probe
from runs.models import Probe, Run
from tenants.isolation.scope import system_scope, tenant_scope
from tests.faults.oracle import check_log, say
from tests.faults.servers import CELERY_WORKER, process
from tests.runs.databases import Database
from tests.runs.factories import World, chain, world
from tests.runs.fixtures import use_broker
from tests.runs.services import START_S, Valkey, scratch_folder, wait_until

AWAY_S = float(os.environ.get("CHAOS_AWAY_S", "60"))
DOCUMENT = chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents={"a": {"name": "Ann", "model": "demo/instant"}})


def start(place: World) -> float:
    """Start a run as the web does; how long it took."""
    began = time.monotonic()
    with tenant_scope(place.tenant.pk):
        start_run(graph=place.graph, principal=Principal(Run.Trigger.API, place.user), run_input="x")
    return time.monotonic() - began


def ended() -> int:
    with system_scope():
        return Run.objects.filter(status="succeeded").count()


def consumes() -> bool:
    """A probe that is sent now arrives."""
    with system_scope():
        Probe.objects.all().delete()
        probe.send_if_due()
        sent = Probe.objects.get()
        try:
            wait_until(lambda: Probe.objects.filter(pk=sent.pk, seen_at__isnull=False).exists(), 2, "the probe is seen")
        except TimeoutError:
            return False
        return True


def broker_away(seconds: float, sign: signal.Signals, database: Database, settings: Settings) -> None:
    folder: Path = scratch_folder()
    broker = Valkey(folder / "broker").start()
    use_broker(broker.url, settings)
    place = world(DOCUMENT)
    try:
        with process(CELERY_WORKER, database=database.url, redis=broker.url, folder=folder / "worker"):
            start(place)
            wait_until(lambda: ended() == 1, START_S, "the worker executes runs")
            wait_until(consumes, 20, "the worker consumes")
            broker.stop(sign)
            took = [start(place) for _ in range(5)]
            assert max(took) < 1.5, f"starting a run took {max(took):.1f} s without a broker"
            wait_until(lambda: ended() == 6, 10, "runs are executed without a broker")
            time.sleep(seconds)
            broker.start()
            back = time.monotonic()
            start(place)
            wait_until(lambda: ended() == 7, 10, "runs are executed with the broker back")
            wait_until(consumes, 20, "the worker consumes again")
            say(f"F05 {sign.name}: consuming {time.monotonic() - back:.1f} s after the broker was back")
        with system_scope():
            for run in Run.objects.all():
                check_log(run)
    finally:
        broker.stop(signal.SIGKILL)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_f05_runs_are_taken_and_executed_while_the_broker_is_away(sign: signal.Signals, database: Database, settings: Settings) -> None:
    """F05, short"""
    broker_away(2, sign, database, settings)


@pytest.mark.chaos
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_f05_for_a_minute(sign: signal.Signals, database: Database, settings: Settings) -> None:
    """F05"""
    broker_away(AWAY_S, sign, database, settings)
