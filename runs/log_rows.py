"""One transaction of the log: fences, events and everything that is read from them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from orchestrator.engine.events import EffectFinished, EffectStarted, Event, NodeFinished
from orchestrator.engine.ids import Path
from orchestrator.engine.run_state import RunStatus
from runs import blobs
from runs.failpoint import failpoint
from runs.leases import Claim, wake_for_commands
from runs.models import Approval, Blob, Command, ModelUse, Run, RunEvent
from runs.readings import Reading, read

_RUNS, _EVENTS = Run._meta.db_table, RunEvent._meta.db_table

_FENCE = f"""
UPDATE {_RUNS} SET last_seq = %s, crashes = crashes * %s, calls = calls + %s, input_tokens = input_tokens + %s,
    output_tokens = output_tokens + %s, cost_nano_usd = cost_nano_usd + %s
WHERE id = %s AND lease_owner = %s AND lease_epoch = %s AND last_seq = %s
"""
_INSERT = f"INSERT INTO {_EVENTS} (tenant_id, run_id, seq, type, at_us, payload) VALUES (%s, %s, %s, %s, %s, %s)"

# PostgreSQL takes whole columns: one round trip however many runs and events there are.
_FENCE_ALL = f"""
UPDATE {_RUNS} AS run SET last_seq = new.last_seq, crashes = crashes * kept, calls = run.calls + new.calls,
    input_tokens = run.input_tokens + new.tokens_in, output_tokens = run.output_tokens + new.tokens_out,
    cost_nano_usd = run.cost_nano_usd + new.cost
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[], %s::text[], %s::int[], %s::bigint[])
    AS new (last_seq, kept, calls, tokens_in, tokens_out, cost, id, owner, epoch, before)
WHERE run.id = new.id AND run.lease_owner = new.owner AND run.lease_epoch = new.epoch AND run.last_seq = new.before
RETURNING run.id, run.lease_epoch
"""
_INSERT_ALL = f"""
INSERT INTO {_EVENTS} (tenant_id, run_id, seq, type, at_us, payload)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::bigint[], %s::text[])
"""


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
        passed = _pass_fences(cursor, batches)
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


def _pass_fences(cursor: CursorWrapper, batches: Sequence[Batch]) -> list[Batch]:
    """The batches of runs that are still this worker's; their sums and numbers are written."""
    rows = [_fence_row(batch) for batch in batches]
    if connection.vendor != "postgresql":
        return [batch for batch, row in zip(batches, rows, strict=True) if cursor.execute(_FENCE, row).rowcount == 1]
    cursor.execute(_FENCE_ALL, [list(column) for column in zip(*rows, strict=True)])
    passed = set(cursor.fetchall())
    return [batch for batch in batches if (batch.to.claim.run_id, batch.to.claim.epoch) in passed]


def _fence_row(batch: Batch) -> tuple[Any, ...]:
    claim, reading = batch.to.claim, batch.reading
    sums = (reading.calls, reading.input_tokens, reading.output_tokens, reading.cost_nano_usd)
    kept = 0 if reading.progressed else 1
    return (batch.last, kept, *sums, _key(claim.run_id), claim.owner, claim.epoch, batch.to.last_seq)


def _key(value: Any) -> Any:
    return Run._meta.pk.get_db_prep_value(value, connection)


def _is_in(batch: Batch) -> bool:
    """A commit whose answer got lost counts: the run is still ours and its log ends where the batch does."""
    claim = batch.to.claim
    row = Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch, last_seq=batch.last)
    return row.exists()


def _insert(cursor: CursorWrapper, batches: Sequence[Batch]) -> None:
    rows = []
    for batch in batches:
        tenant, run = _key(batch.to.claim.tenant_id), _key(batch.to.claim.run_id)
        pairs = zip(batch.events, batch.texts, strict=True)
        rows += [(tenant, run, event.seq, event.type, event.at_us, text) for event, text in pairs]  # type: ignore[attr-defined]
    if connection.vendor == "postgresql":
        cursor.execute(_INSERT_ALL, [list(column) for column in zip(*rows, strict=True)])
    else:
        cursor.executemany(_INSERT, rows)
    big = [Blob(tenant_id=b.to.claim.tenant_id, sha256=sha256, content=content) for b in batches for sha256, content in b.big.items()]
    if big:
        Blob.objects.bulk_create(big, ignore_conflicts=True)
    asked = [approval for batch in batches for approval in batch.reading.approvals]
    if asked:
        Approval.objects.bulk_create(asked, ignore_conflicts=True)
    uses = [use for batch in batches for use in batch.reading.uses]
    if uses:
        ModelUse.objects.bulk_create(uses)


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
    suspended = [b.to.claim.run_id for b in batches if b.reading.columns.get("status") == RunStatus.WAITING.value]
    if suspended:
        wake_for_commands(suspended)
