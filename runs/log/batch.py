"""One transaction of the log: fences, events and everything that is read from them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from orchestrator.engine.ids import Path
from orchestrator.engine.log.events import EffectFinished, EffectStarted, Event, NodeFinished
from runs.failpoint import failpoint
from runs.leases.lease import Claim, wake_for_commands
from runs.log import blobs
from runs.log.sql import Advance, EventRow, advance, insert_events
from runs.models import Approval, Blob, Command, ModelUse, Run
from runs.projections.projection import Reading, read


@dataclass(slots=True)
class WrittenRun:
    """A claimed run as its log's writer knows it."""

    claim: Claim
    last_seq: int
    started: dict[Path, EffectStarted] = field(default_factory=dict)
    """Model calls and questions that have not ended."""
    applied: deque[int] = field(default_factory=deque)
    """Commands that the runner has taken and the next write marks."""
    released: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Events of one run that are written together."""

    to: WrittenRun
    events: Sequence[Event]
    texts: list[str]
    big: dict[str, str]
    reading: Reading
    applied: list[int]

    @property
    def last(self) -> int:
        return self.events[-1].seq


def prepare(to: WrittenRun, events: Sequence[Event]) -> Batch:
    big: dict[str, str] = {}
    texts = [blobs.dump(event, big.__setitem__) for event in events]
    applied = [to.applied.popleft() for _ in range(len(to.applied))]
    return Batch(to, events, texts, big, read(to.claim.run, events, to.started), applied)


def commit(batches: Sequence[Batch], *, again: bool) -> list[Batch]:
    """Write what the fences let pass, and say which it was. `again`: the batches may be in already."""
    with transaction.atomic(), connection.cursor() as cursor:
        owned = advance(cursor, [_advance(batch) for batch in batches])
        passed = [batch for batch in batches if batch.to.claim.run_id in owned]
        if passed:
            _insert(cursor, passed)
            _set_columns(passed)
            if any(batch.reading.ended for batch in passed):
                failpoint("run_finalising")
    known = [batch for batch in batches if again and batch not in passed and _is_in(batch)]
    if any(isinstance(event, EffectFinished | NodeFinished) for batch in passed for event in batch.events):
        failpoint("result_committed_not_advanced")
    for batch in (*passed, *known):
        batch.to.last_seq = batch.last
        batch.to.released = batch.reading.released
        batch.to.claim.run.status = batch.reading.columns.get("status", batch.to.claim.run.status)
    return [*passed, *known]


def _is_in(batch: Batch) -> bool:
    """A commit whose answer got lost counts: the run is still ours and its log ends where the batch does."""
    claim = batch.to.claim
    row = Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch, last_seq=batch.last)
    return row.exists()


def _advance(batch: Batch) -> Advance:
    claim, reading = batch.to.claim, batch.reading
    sums = (reading.calls, reading.input_tokens, reading.output_tokens, reading.cost_nano_usd)
    return Advance(batch.last, 0 if reading.progressed else 1, *sums, claim.run_id, claim.owner, claim.epoch, batch.to.last_seq)


def _insert(cursor: CursorWrapper, batches: Sequence[Batch]) -> None:
    insert_events(cursor, [row for batch in batches for row in _event_rows(batch)])
    big = [Blob(tenant_id=b.to.claim.tenant_id, sha256=sha256, content=content) for b in batches for sha256, content in b.big.items()]
    if big:
        Blob.objects.bulk_create(big, ignore_conflicts=True)
    asked = [approval for batch in batches for approval in batch.reading.approvals]
    if asked:
        Approval.objects.bulk_create(asked, ignore_conflicts=True)
    uses = [use for batch in batches for use in batch.reading.uses]
    if uses:
        ModelUse.objects.bulk_create(uses)


def _event_rows(batch: Batch) -> Iterator[EventRow]:
    claim = batch.to.claim
    for event, text in zip(batch.events, batch.texts, strict=True):
        yield EventRow(claim.tenant_id, claim.run_id, event.seq, event.type, event.at_us, text)


def _set_columns(batches: Sequence[Batch]) -> None:
    applied = [command for batch in batches for command in batch.applied]
    if applied:
        Command.objects.filter(pk__in=applied).update(applied_at=Now())
    for batch in batches:
        reading, run_id = batch.reading, batch.to.claim.run_id
        pending = Approval.objects.filter(run=run_id, status=Approval.Status.PENDING)
        if reading.columns:
            Run.objects.filter(pk=run_id).update(**reading.columns)
        if reading.ended:
            pending.update(status=Approval.Status.VOID)
            Command.objects.filter(run=run_id, applied_at__isnull=True).update(applied_at=Now())
        elif reading.closed:
            pending.filter(path__in=reading.closed).update(status=Approval.Status.VOID)
    left = [batch.to.claim.run_id for batch in batches if batch.reading.released and not batch.reading.ended]
    if left:
        wake_for_commands(left)
