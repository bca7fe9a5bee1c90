"""Runs that are claimed together are read together, and each has its own outcome."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import DataError, OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.log.events import RunClaimed, RunStarted
from runs.log import blobs
from runs.models import Blob, Command, Run, RunEvent
from runs.worker import reading
from runs.worker.reading import CannotStart, Loaded, Outcome, Resources, read_runs
from runs.worker.resources import TenantResourceSource
from tenants.isolation.scope import system_scope
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.resources import ScriptedResources

BIG = "b" * 20_000


def logged(place: World, run_input: Any) -> Run:
    """A run of a worker that is gone: it began, and that is all."""
    run = place.run(run_input, last_seq=2, status="running")
    events = (RunStarted(seq=1, at_us=1, input=run_input), RunClaimed(seq=2, at_us=2, worker="gone", epoch=1, cause="first", build="b"))
    with system_scope():
        for event in events:
            kept: dict[str, str] = {}
            text = blobs.dump(event, kept.__setitem__)
            for sha256, content in kept.items():
                Blob.objects.get_or_create(tenant=place.tenant, sha256=sha256, defaults={"content": content})
            RunEvent.objects.create(tenant=place.tenant, run=run, seq=event.seq, type=event.type, at_us=event.at_us, payload=text)
    return run


def read(runs: Sequence[Run], source: reading.ResourceSource | None = None) -> list[Outcome]:
    with system_scope():
        return read_runs(runs, source or ScriptedResources())


def test_each_run_gets_its_own_log_big_values_and_commands(database: Database) -> None:
    one, other = world(), world()
    new, again, same, told = one.run("new"), logged(one, BIG), logged(other, BIG), logged(other, "told")
    with system_scope():
        commands = [Command.objects.create(tenant=other.tenant, run=told, kind=kind, body={"by": "ann"}) for kind in ("pause", "resume")]
        Command.objects.create(tenant=other.tenant, run=same, kind="pause", body={"by": "ann"}, applied_at=Now())
    outcomes = read([new, again, same, told])
    loaded = [outcome for outcome in outcomes if isinstance(outcome, Loaded)]
    assert [(each.state.last_seq, each.state.input) for each in loaded] == [(0, None), (2, BIG), (2, BIG), (2, "told")]
    assert [[command.pk for command in each.commands] for each in loaded] == [[], [], [], [command.pk for command in commands]]


def test_many_runs_cost_as_many_statements_as_two(database: Database) -> None:
    place = world()
    two, many = [[logged(place, number) for number in range(count)] for count in (2, 20)]
    asked = []
    for runs in (two, many):
        with system_scope():
            runs = list(Run.objects.select_related("graph").filter(pk__in=[run.pk for run in runs]))
            with CaptureQueriesContext(connection) as queries:
                assert all(isinstance(outcome, Loaded) for outcome in read_runs(runs, TenantResourceSource()))
        asked.append(len(queries))
        reading.graph_of(place.version.pk)
    assert asked[1] <= asked[0]


def test_a_log_that_cannot_be_understood_is_one_runs_fault(database: Database) -> None:
    place = world()
    runs = [logged(place, number) for number in range(3)]
    with system_scope():
        RunEvent.objects.filter(run=runs[1], seq=2).update(payload='{"type": "run_claimed", "seq": "two"}')
    first, second, third = read(runs)
    assert isinstance(first, Loaded) and isinstance(third, Loaded)
    assert isinstance(second, CannotStart) and second.detector == "invalid_log"


class Refusing(ScriptedResources):
    """Lends nothing to a run with this input."""

    error: Exception = DataError("no such thing")

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        if any(run.input == "poison" for run in runs):
            raise self.error
        return super().resources_of(runs)


@pytest.mark.parametrize("error", [DataError("no such thing"), RuntimeError("a fault of ours")])
def test_what_is_refused_for_one_run_is_read_for_the_others(database: Database, error: Exception) -> None:
    place, source = world(), Refusing()
    source.error = error
    outcomes = read([logged(place, text) for text in ("a", "poison", "b")], source)
    assert [isinstance(outcome, Loaded) for outcome in outcomes] == [True, False, True]
    assert outcomes[1] is error


def test_what_passes_by_itself_is_read_again_as_a_whole(database: Database) -> None:
    place, source = world(), Refusing()
    source.error = OperationalError("gone")
    with pytest.raises(OperationalError):
        read([logged(place, text) for text in ("a", "poison")], source)


@given(st.lists(st.integers(0, 3 * reading.EVENTS_AT_ONCE), max_size=100))
def test_visits_are_bounded_and_leave_nobody_out(lengths: list[int]) -> None:
    asked = [(cast(Run, SimpleNamespace(last_seq=length)), cast("asyncio.Future[Loaded]", None)) for length in lengths]
    visits = list(reading._visits(asked))
    assert [each for visit in visits for each in visit] == asked
    for visit in visits:
        assert 0 < len(visit) <= reading.RUNS_AT_ONCE
        assert len(visit) == 1 or sum(run.last_seq for run, _ in visit) <= reading.EVENTS_AT_ONCE
