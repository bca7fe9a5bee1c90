"""Who may write a run's log: leases with an owner, an epoch and an expiry in database time.

The expiry is the run's `due_at`: what is due can be taken up, whoever had it before. Every run that is
given back is due, so that none is left to nobody; only an event of its log can say otherwise.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now

from orchestrator.engine.log.status import RunStatus
from runs.leases.claim import MAX_CRASHES, SUSPECT_CRASHES, Cause, Claim
from runs.leases.take import due_and_named, take
from runs.models import TERMINAL, Command, Run, RunQuerySet

HEARTBEAT_S = 1.0
SPREAD = timedelta(seconds=0.3)
SOON = timedelta(0)


class ClockTime(Now):
    """The database's clock when the statement meets the row, not when it began: another one's commit may lie between.

    Where the other only locked the row, PostgreSQL does not look again after the wait; a lease is shorter by that wait then.
    """

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CLOCK_TIMESTAMP()", **context)


SUSPECTS = Q(lease_owner="", crashes__gte=SUSPECT_CRASHES, crashes__lt=MAX_CRASHES) | (
    ~Q(lease_owner="") & Q(crashes__gte=SUSPECT_CRASHES - 1, crashes__lt=MAX_CRASHES - 1)
)
"""Due runs that may have been what their workers died of."""


def lease_seconds() -> float:
    """How long a lease holds without a heartbeat. SQLite has one writer, which can keep others waiting."""
    return 4.0 if connection.vendor == "postgresql" else 8.0


def claim_named(owner: str, limit: int, named: Mapping[UUID, UUID], beyond: Collection[UUID] = ()) -> list[Claim]:
    """Take the named runs that are due. `named` says of each run which tenant it belongs to: another one's is left alone.

    `beyond` are runs that this worker's build cannot go on with.
    """
    ids = [run_id for run_id in named if run_id not in beyond]
    if not ids or limit < 1:
        return []
    asked_at = time.monotonic()
    with transaction.atomic():
        due = due_and_named(owner, ids)  # mostly they are there: nobody looks first
        rows = [run for run in due if named[run.pk] == run.tenant_id][:limit]
        take(owner, [run.pk for run in rows], lease_seconds())
    return _claims(rows, owner, asked_at)


def claim_due(owner: str, limit: int, beyond: Collection[UUID] = ()) -> list[Claim]:
    """Take runs that have been due for a moment, so that wake-ups can spread new ones over the workers.

    Half of the limit is kept for runs that are new or were told something: thousands of timers cannot starve them.
    """
    due = _takeable(owner, beyond).filter(due_at__lte=Now() - SPREAD).exclude(SUSPECTS)
    told = Command.objects.filter(run=OuterRef("pk"), applied_at__isnull=True)
    prompt = _claim_if_any(owner, (limit + 1) // 2, due.filter(Q(status=RunStatus.QUEUED.value) | Exists(told)))
    return [*prompt, *_claim_if_any(owner, limit - len(prompt), due)]


def claim_suspect(owner: str, beyond: Collection[UUID] = ()) -> list[Claim]:
    """Take one run that may have ended its workers. Only who has nothing else to lose asks."""
    return _claim_if_any(owner, 1, _takeable(owner, beyond).filter(SUSPECTS, due_at__lte=Now() - SPREAD))


def suspects_wait(owner: str, patience: timedelta, beyond: Collection[UUID] = ()) -> bool:
    """Whether a suspect has been due for so long that somebody should make room for it."""
    return _takeable(owner, beyond).filter(SUSPECTS, due_at__lte=Now() - patience).exists()


def _takeable(owner: str, beyond: Collection[UUID]) -> RunQuerySet[Run]:
    """What is due and not the worker's own: a lease of its own that ran out is renewed, or given back as a stray."""
    due = Run.objects.due().exclude(lease_owner=owner)
    return due.exclude(pk__in=list(beyond)) if beyond else due


def _claim_if_any(owner: str, limit: int, due: RunQuerySet[Run]) -> list[Claim]:
    """Look first: a sweep finds nothing mostly, and on SQLite whoever begins to write keeps all others from it."""
    if limit < 1 or not due.exists():
        return []
    asked_at = time.monotonic()
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True)[:limit])
        take(owner, [run.pk for run in rows], lease_seconds())
    return _claims(rows, owner, asked_at)


def _claims(rows: Iterable[Run], owner: str, asked_at: float) -> list[Claim]:
    valid_until = asked_at + lease_seconds()
    return [_claim(run, owner, valid_until) for run in rows]


def _claim(run: Run, owner: str, valid_until: float) -> Claim:
    cause: Cause = "takeover" if run.lease_owner else "woken" if run.last_seq else "first"
    crashes = run.crashes + 1 if cause == "takeover" else run.crashes
    return Claim(run, owner, run.lease_epoch + 1, cause, crashes, valid_until)


@dataclass(frozen=True, slots=True)
class Renewal:
    """The epochs of the runs that a worker still owns, until when, and what its database's clock shows."""

    epochs: dict[UUID, int]
    valid_until: float
    asked_at: float
    answered_at: float
    clock: datetime


def renew(owner: str) -> Renewal:
    """Renew every lease of `owner` in one statement, and read the database's clock."""
    asked_at = time.monotonic()
    mine = Run.objects.filter(lease_owner=owner)
    mine.update(due_at=ClockTime() + timedelta(seconds=lease_seconds()))
    epochs = dict(mine.values_list("pk", "lease_epoch"))
    clock_asked_at = time.monotonic()
    clock = database_clock()
    return Renewal(epochs, asked_at + lease_seconds(), clock_asked_at, time.monotonic(), clock)


def database_clock() -> datetime:
    """What the database's clock shows."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT CLOCK_TIMESTAMP()")
            shown: datetime = cursor.fetchone()[0]
            return shown
        cursor.execute("SELECT STRFTIME('%Y-%m-%dT%H:%M:%f+00:00', 'NOW')")
        return datetime.fromisoformat(cursor.fetchone()[0])


def give_back(owner: str, epochs: Iterable[tuple[UUID, int]], *, after: timedelta = SOON, crashed: bool = False) -> int:
    """Give unfinished runs back as due, at once or `after` a while. `crashed`: the run did harm. How many were still the owner's."""
    count = 0
    with transaction.atomic():
        for run_id, epoch in epochs:
            mine = Run.objects.filter(pk=run_id, lease_owner=owner, lease_epoch=epoch)
            count += mine.update(lease_owner="", due_at=_due_after(after), crashes=F("crashes") + int(crashed))
    return count


def give_back_all(owner: str) -> int:
    """A worker that executes nothing any more gives back what it owns, also what it has not heard of: how many runs."""
    return Run.objects.filter(lease_owner=owner).update(lease_owner="", due_at=_due_after(SOON))


def _due_after(after: timedelta) -> Case:
    # On SQLite a sum is written with six digits of a second where the clock has three: it would be due a moment later.
    return Case(When(status__in=TERMINAL, then=Value(None)), default=ClockTime() + after if after else ClockTime())


def expire_leases_of(owner: str) -> int:
    """The process is known to be dead: its runs are due now. It stays their last owner, so that this counts as a takeover."""
    return Run.objects.filter(lease_owner=owner).update(due_at=Now())


def wake_for_commands(run_ids: Iterable[UUID]) -> None:
    """Make runs due for which a command came while their log was leaving them to nobody.

    Runs after the rows were updated in the same transaction: whoever sends a command locks the
    row first, so the command is either visible here or its sender sees that nobody has the run.
    """
    waiting = Command.objects.filter(run=OuterRef("pk"), applied_at__isnull=True)
    Run.objects.filter(Exists(waiting), pk__in=list(run_ids), lease_owner="").exclude(status__in=TERMINAL).update(due_at=Now())
