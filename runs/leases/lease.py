"""Who may write a run's log: leases with an owner, an epoch and an expiry in database time.

The expiry is the run's `due_at`: what is due can be taken up, whoever had it before.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, When
from django.db.models.functions import Now

from runs.models import TERMINAL, Command, Run, RunQuerySet

HEARTBEAT_S = 1.0
SPREAD = timedelta(seconds=0.3)
MAX_CRASHES = 3
"""Workers a run may lose in a row without progress before it is given up."""

Cause = Literal["first", "woken", "takeover"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a run's log, until `valid_until` on this process's monotonic clock."""

    run: Run
    owner: str
    epoch: int
    cause: Cause
    crashes: int
    valid_until: float

    @property
    def run_id(self) -> UUID:
        return self.run.pk

    @property
    def tenant_id(self) -> UUID:
        return self.run.tenant_id


def lease_seconds() -> float:
    """How long a lease holds without a heartbeat. SQLite has one writer, which can keep others waiting."""
    return 4.0 if connection.vendor == "postgresql" else 8.0


def claim_named(owner: str, limit: int, named: Mapping[UUID, UUID]) -> list[Claim]:
    """Take the named runs that are due. `named` says of each run which tenant it belongs to: another one's is left alone."""
    due = Run.objects.due().filter(pk__in=list(named), tenant__in=set(named.values()))
    return _claim_rows(owner, limit, due, lambda run: named[run.pk] == run.tenant_id)


def claim_due(owner: str, limit: int) -> list[Claim]:
    """Take runs that have been due for a moment, so that wake-ups can spread new ones over the workers."""
    return _claim_rows(owner, limit, Run.objects.due().filter(due_at__lte=Now() - SPREAD), lambda run: True)


def _claim_rows(owner: str, limit: int, due: RunQuerySet[Run], fits: Callable[[Run], bool]) -> list[Claim]:
    if limit < 1 or not due.exists():
        return []
    asked_at = time.monotonic()
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("graph_version", "graph", "created_by")
        rows = [run for run in locked[:limit] if fits(run)]
        _take([run.pk for run in rows], owner)
    valid_until = asked_at + lease_seconds()
    return [_claim(run, owner, valid_until) for run in rows]


def _take(ids: list[UUID], owner: str) -> None:
    Run.objects.filter(pk__in=ids).update(
        lease_owner=owner,
        lease_epoch=F("lease_epoch") + 1,
        due_at=Now() + timedelta(seconds=lease_seconds()),
        crashes=Case(When(lease_owner="", then=F("crashes")), default=F("crashes") + 1),
    )


def _claim(run: Run, owner: str, valid_until: float) -> Claim:
    cause: Cause = "takeover" if run.lease_owner else "woken" if run.last_seq else "first"
    crashes = run.crashes + 1 if cause == "takeover" else run.crashes
    return Claim(run, owner, run.lease_epoch + 1, cause, crashes, valid_until)


def renew(owner: str) -> tuple[set[UUID], float]:
    """Renew every lease of `owner` in one statement: the runs it still owns, and until when."""
    asked_at = time.monotonic()
    mine = Run.objects.filter(lease_owner=owner)
    mine.update(due_at=Now() + timedelta(seconds=lease_seconds()))
    return set(mine.values_list("pk", flat=True)), asked_at + lease_seconds()


def release(owner: str, epochs: Iterable[tuple[UUID, int]], *, at_once: bool, wake_at: datetime | None = None) -> None:
    """Give runs back: due at once (a stopping worker), else at `wake_at` or when a command waits."""
    for run_id, epoch in epochs:
        with transaction.atomic():
            mine = Run.objects.filter(pk=run_id, lease_owner=owner, lease_epoch=epoch)
            if mine.update(lease_owner="", due_at=Now() if at_once else wake_at) and not at_once:
                wake_for_commands([run_id])


def release_strays(owner: str, run_ids: Iterable[UUID]) -> None:
    """Give back runs that the worker owns without executing them."""
    Run.objects.filter(pk__in=list(run_ids), lease_owner=owner).update(lease_owner="", due_at=Now())


def expire_leases_of(owner: str) -> int:
    """The process is known to be dead: its runs are due now. It stays their last owner, so that this counts as a takeover."""
    return Run.objects.filter(lease_owner=owner).update(due_at=Now())


def wake_for_commands(run_ids: Iterable[UUID]) -> None:
    """Make runs due for which a command came while they were being given back.

    Runs after the rows were updated in the same transaction: whoever sends a command locks the
    row first, so the command is either visible here or its sender sees that nobody has the run.
    """
    waiting = Command.objects.filter(run=OuterRef("pk"), applied_at__isnull=True)
    Run.objects.filter(Exists(waiting), pk__in=list(run_ids), lease_owner="").exclude(status__in=TERMINAL).update(due_at=Now())
