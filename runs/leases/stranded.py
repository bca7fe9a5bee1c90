"""The invariant of runs as one query: each unfinished run is owned, due, waiting for something, or paused.

A run that is none of these stays as it is for ever, because nothing looks at it again.
"""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from orchestrator.engine.log.status import RunStatus
from runs.models import UNFINISHED, Command, Run, RunEvent, RunQuerySet

REPAIR_LIMIT = 500
"""Runs that one repair makes due; the next repair finds the others."""


def stranded() -> RunQuerySet[Run]:
    """Unfinished runs that nothing will take up: they have no due time, and neither wait nor are paused.

    A run waits when its log ends with a suspension that names what is waited for and no time. With a time,
    or with a command that nobody has applied, it must have a due time.
    """
    told = Command.objects.filter(run=OuterRef("pk"), applied_at=None)
    last = RunEvent.objects.filter(run=OuterRef("pk"), seq=OuterRef("last_seq"), type="run_suspended")
    waits = last.filter(payload__contains='"wake_at_us":null').exclude(payload__contains='"waiting_on":[]')
    working = Q(status__in=(RunStatus.QUEUED.value, RunStatus.RUNNING.value))
    waits_for_nothing = Q(status=RunStatus.WAITING.value) & ~Exists(waits)
    at_rest = Run.objects.filter(status__in=UNFINISHED, due_at=None)
    return at_rest.filter(working | ~Q(lease_owner="") | waits_for_nothing | Exists(told)).order_by()


def repair_stranded() -> list[UUID]:
    """Make stranded runs due, so that a worker takes them up again. Returns which they were."""
    found = list(stranded().values_list("pk", flat=True)[:REPAIR_LIMIT])
    if found:
        stranded().filter(pk__in=found).update(due_at=Now())
    return found
