"""F22: a run that ends its worker again and again ends alone; whoever was beside it is innocent."""

import time

import pytest

from runs.models import Run
from tenants.isolation.scope import system_scope
from tests.faults.oracle import check, say
from tests.faults.processes import Processes, alive, kill
from tests.faults.resources import POISON
from tests.faults.test_killed_workers import AGENTS, SAVE, WORK
from tests.model_server.server import ModelServer
from tests.runs.databases import Database
from tests.runs.factories import chain, world
from tests.runs.services import wait_until


def beside_poison(database: Database, processes: Processes, sink: ModelServer, *, innocent: int, model_s: float, pace: float) -> None:
    place = world(chain(WORK, SAVE, agents=AGENTS))
    for number in range(innocent):
        place.run("x" if number != innocent // 2 else "y")
    poison = place.run(POISON)
    workers = [processes.start(database.url, model_s=model_s, pace=pace)]
    deaths, began = 0, time.monotonic()

    def over() -> bool:
        nonlocal deaths
        if not alive(workers[-1]):
            deaths += 1
            workers.append(processes.start(database.url, model_s=model_s, pace=pace))
        with system_scope():
            return not Run.objects.unfinished().exists()

    wait_until(over, 60 + 3 * innocent * model_s, "every run has ended")
    say(f"F22: {deaths} deaths, all over after {time.monotonic() - began:.0f} s")
    late = place.run("z")
    wait_until(over, 20, "a run that comes later is taken up")
    kill(workers[-1])
    check(sink)
    with system_scope():
        ends = dict(Run.objects.values_list("pk", "status"))
    assert ends.pop(poison.pk) == "crashed" and deaths == 3
    assert set(ends.values()) == {"succeeded"}
    assert late.pk in ends


def test_f22_only_the_poison_run_ends_as_crashed(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F22, short"""
    beside_poison(database, processes, sink, innocent=6, model_s=0.8, pace=0.3)


@pytest.mark.chaos
def test_f22_beside_twenty_long_runs(database: Database, processes: Processes, sink: ModelServer) -> None:
    """F22"""
    beside_poison(database, processes, sink, innocent=20, model_s=6.0, pace=1.0)
