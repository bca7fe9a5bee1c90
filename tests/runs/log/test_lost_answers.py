"""A commit whose answer gets lost: what is in the log counts, once, and what is not is written."""

from collections.abc import Sequence

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from orchestrator.engine.log.events import RunClaimed, RunStarted, RunSuspended
from runs.leases.claim import Ending
from runs.leases.lease import claim_named
from runs.log.batch import Batch, WrittenRun, commit, prepare
from runs.log.run_log import load
from runs.log.writer import LogWriter
from runs.models import Blob, Run
from tenants.isolation.database import drop_connection
from tenants.isolation.scope import system_scope
from tests.runs.factories import World, world
from tests.runs.log.test_event_log import BIG

pytestmark = pytest.mark.usefixtures("database", "broker")
EVENTS = (
    RunStarted(seq=1, at_us=1, input=BIG),
    RunClaimed(seq=2, at_us=1, worker="me", epoch=1, cause="first"),
    RunSuspended(seq=3, at_us=1, waiting_on=("ask#1/human.1",)),  # type: ignore[arg-type]
)


def written(place: World | None = None) -> WrittenRun:
    run = (place or world()).run()
    [claim] = claim_named("me", 10, {run.pk: run.tenant_id})
    return WrittenRun(claim, 0)


def row_of(to: WrittenRun) -> Run:
    return Run.objects.select_related("graph_version").get(pk=to.claim.run_id)


class LostAnswers:
    """The next `count` commits of this database are carried out or not, and then the connection is gone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, *, carried_out: bool) -> None:
        self.left = count
        original = BaseDatabaseWrapper._commit

        def lost(database: BaseDatabaseWrapper) -> None:
            if self.left == 0:
                return original(database)
            self.left -= 1
            if carried_out:
                original(database)
            database.connection.close()
            raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", lost)


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("count", [1, 3])
def test_the_writer_writes_everything_once_however_often_the_answer_is_lost(
    carried_out: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Sequence[Batch]] = []
    writer = LogWriter(shown.append)
    with system_scope():
        to, other = written(), written()
        lost = LostAnswers(monkeypatch, count, carried_out=carried_out)
        writer.append(to, EVENTS)
        writer.append(other, EVENTS[:2])
        writer.start()
        writer.stop()
        assert lost.left == 0
        assert [event.seq for event in load(row_of(to))] == [1, 2, 3] and row_of(to).last_seq == 3
        assert [event.seq for event in load(row_of(other))] == [1, 2]
        assert Blob.objects.count() == 2  # one of each tenant
    assert to.claim.ending is Ending.RECORDED and other.claim.ending is None
    assert sorted(batch.last for batches in shown for batch in batches) == [2, 3], "each batch is shown once"
    assert to.claim.run.status == "waiting" and other.claim.run.status == "running"


def lost_batch(to: WrittenRun, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """A batch that is in the log, though whoever wrote it was never told."""
    batch = prepare(to, EVENTS)
    LostAnswers(monkeypatch, 1, carried_out=True)
    with pytest.raises(OperationalError):
        commit([batch], again=False)
    drop_connection()
    return batch


def test_a_batch_that_is_in_already_counts_only_for_who_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with system_scope():
        batch = lost_batch(written(), monkeypatch)
        assert commit([batch], again=False) == []
        assert batch.to.claim.ending is None and batch.to.last_seq == 0
        assert commit([batch], again=True) == [batch]
        assert batch.to.claim.ending is Ending.RECORDED and batch.to.last_seq == 3


@pytest.mark.parametrize("changed", [{"lease_epoch": 2}, {"last_seq": 7}], ids=["another claim", "a longer log"])
def test_what_has_changed_since_is_somebody_elses(changed: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    with system_scope():
        written()  # another run, of which nothing is in
        batch = lost_batch(written(), monkeypatch)
        Run.objects.filter(pk=batch.to.claim.run_id).update(**changed)
        assert commit([batch], again=True) == []
        assert batch.to.claim.ending is None


def test_a_log_of_the_same_length_is_not_taken_for_that_of_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with system_scope():
        lost_batch(written(), monkeypatch)
        lost = prepare(written(), EVENTS)
        Run.objects.filter(pk=lost.to.claim.run_id).update(lease_owner="another")
        assert commit([lost], again=True) == []
