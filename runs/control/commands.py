"""What people tell a run: pause, resume, cancel. Commands are rows, so they survive any restart."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from orchestrator.engine.log.status import RunStatus
from runs.control.problems import (
    AlreadyPaused,
    NotPaused,
    RunFinished,
)
from runs.failpoint import failpoint
from runs.live.wake_ups import wake_up
from runs.models import Command, Run
from tenants.models import User
from tenants.people.access import require


def send_command(*, run: Run, by: User, kind: Command.Kind, comment: str = "") -> Command:
    """Pause, resume or cancel. The worker that has the run applies it."""
    require(by, "cancel", run)
    with transaction.atomic():
        locked = unfinished(run)
        paused = locked.status == RunStatus.PAUSED.value
        pausing = Command.objects.filter(run=locked, applied_at__isnull=True, kind=Command.Kind.PAUSE).exists()
        if kind == Command.Kind.RESUME and not (paused or pausing):
            raise NotPaused()
        if kind == Command.Kind.PAUSE and (paused or pausing):
            raise AlreadyPaused()
        return tell(locked, by, kind, {"comment": comment})


def unfinished(run: Run) -> Run:
    """The row, locked: its worker cannot give it back before the command is there to be seen."""
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.terminal:
        raise RunFinished(details={"status": locked.status})
    return locked


def tell(locked: Run, by: User, kind: Command.Kind, body: dict[str, Any], *, path: str = "") -> Command:
    """Leave a command for whichever worker has the run, or make the run due so that one takes it up."""
    signed = {**body, "by": by.name, "by_id": str(by.pk)}
    command = Command.objects.create(tenant_id=locked.tenant_id, run=locked, kind=kind, path=path, by=by, body=signed)
    if not locked.lease_owner:
        Run.objects.filter(pk=locked.pk).update(due_at=Now())
    transaction.on_commit(partial(_announce_command, locked))
    return command


def _announce_command(run: Run) -> None:
    failpoint("approval_saved_not_resumed")
    wake_up(run)
