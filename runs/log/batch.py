"""One transaction of the log: fences, events and everything that is read from them."""

import math
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from orchestrator.engine.log.events import EffectFinished, Event, NodeFinished
from runs.failpoint import failpoint
from runs.leases.claim import Claim, Ending
from runs.leases.lease import wake_for_commands
from runs.log import blobs
from runs.log.family import tell_family
from runs.log.fence import Advance, advance
from runs.models import Blob, Command, Run, RunEvent
from runs.projections import every
from runs.projections.fact import OpenEffects, facts_of
from runs.projections.new_rows import insert

EVENT_COLUMNS = ("tenant_id", "run_id", "seq", "type", "at_us", "payload")


@dataclass(slots=True)
class WrittenRun:
    """A claimed run as its log's writer knows it. Once events were appended it belongs to the writer's thread, but for `applied`."""

    claim: Claim
    last_seq: int
    open_effects: OpenEffects = field(default_factory=dict)
    applied: deque[int] = field(default_factory=deque)
    """Commands that the runner has taken and the next write marks."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Events of one run that are written together."""

    to: WrittenRun
    events: Sequence[Event]
    texts: list[str]
    big: dict[str, str]
    changes: every.Changes
    applied: list[int]

    @property
    def last(self) -> int:
        return self.events[-1].seq


def prepare(to: WrittenRun, events: Sequence[Event], until: float = math.inf, most: int = sys.maxsize) -> Batch:
    """As many of the first events as can be made ready until then (of the monotonic clock), at least one and `most` at most."""
    big: dict[str, str] = {}
    texts: list[str] = []
    for event in events[:most]:
        if texts and time.monotonic() > until:
            break
        texts.append(blobs.dump(event, big.__setitem__))
    ready = events[: len(texts)]
    # A command is applied once all that came of it is written.
    applied = [to.applied.popleft() for _ in range(len(to.applied))] if len(ready) == len(events) else []
    changes = every.read(to.claim.run, facts_of(ready, to.open_effects))
    return Batch(to, ready, texts, big, changes, applied)


def commit(batches: Sequence[Batch], *, again: bool) -> list[Batch]:
    """Write what the fences let pass, and say which it was. `again`: the batches may be in already."""
    told: list[UUID] = []
    with transaction.atomic(), connection.cursor() as cursor:
        owned = advance(cursor, [_advance(batch) for batch in batches])
        passed = [batch for batch in batches if batch.to.claim.run_id in owned]
        if passed:
            _insert(passed)
            every.write([batch.changes for batch in passed])
            _mark_commands(passed)
            ended = [batch.to.claim.run_id for batch in passed if batch.changes.row.ended]
            if ended:
                told = tell_family(ended)
                failpoint("run_finalising")
    if told:
        wake_for_commands(told)  # if this is never said, the scheduler finds them
    known = [batch for batch in batches if again and batch not in passed and _is_in(batch)]
    if any(isinstance(event, EffectFinished | NodeFinished) for batch in passed for event in batch.events):
        failpoint("result_committed_not_advanced")
    for batch in (*passed, *known):
        batch.to.last_seq = batch.last
        if batch.changes.row.released:
            batch.to.claim.end(Ending.RECORDED)
        batch.to.claim.run.status = batch.changes.row.status
    return [*passed, *known]


def _is_in(batch: Batch) -> bool:
    """A commit whose answer got lost counts: the run is still ours and its log ends where the batch does."""
    claim = batch.to.claim
    row = Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch, last_seq=batch.last)
    return row.exists()


def _advance(batch: Batch) -> Advance:
    claim, row = batch.to.claim, batch.changes.row
    sums = (row.used.calls, row.used.input_tokens, row.used.output_tokens, row.used.cost_nano_usd)
    return Advance(batch.last, 0 if row.progressed else 1, *sums, claim.run_id, claim.owner, claim.epoch, batch.to.last_seq)


def _insert(batches: Sequence[Batch]) -> None:
    insert(RunEvent, EVENT_COLUMNS, [row for batch in batches for row in _event_rows(batch)])
    big = [Blob(tenant_id=b.to.claim.tenant_id, sha256=sha256, content=content) for b in batches for sha256, content in b.big.items()]
    if big:
        Blob.objects.bulk_create(big, ignore_conflicts=True)


def _event_rows(batch: Batch) -> Iterator[tuple[object, ...]]:
    claim = batch.to.claim
    for event, text in zip(batch.events, batch.texts, strict=True):
        yield claim.tenant_id, claim.run_id, event.seq, event.type, event.at_us, text


def _mark_commands(batches: Sequence[Batch]) -> None:
    """Commands that were taken are applied; those of a run that has ended have nothing left to do."""
    applied = [command for batch in batches for command in batch.applied]
    if applied:
        Command.objects.filter(pk__in=applied).update(applied_at=Now())
    ended = [batch.to.claim.run_id for batch in batches if batch.changes.row.ended]
    if ended:
        Command.objects.filter(run__in=ended, applied_at__isnull=True).update(applied_at=Now())
    left = [batch.to.claim.run_id for batch in batches if batch.changes.row.released and not batch.changes.row.ended]
    if left:
        wake_for_commands(left)
