"""The answers and commands that people were told are accepted, and by when.

A person's answer and the deadline of their question are decided in one order: whoever answers locks
the run's row and compares the deadline with the database's clock; before a run lets a question
expire it looks here, under the same lock and by the same clock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from orchestrator.engine.errors import HostUnavailable
from runs.models import Command, Run
from tenants.isolation.database import DatabaseAway, DatabaseThreads


class RunInbox:
    """The engine's Inbox of one claimed run."""

    def __init__(self, run_id: UUID, threads: DatabaseThreads, apply: Callable[[Command], None]) -> None:
        self._run_id = run_id
        self._threads = threads
        self._apply = apply

    async def settle(self) -> int:
        """Apply what was accepted. Later answers are accepted only for deadlines after the time returned (us since the epoch).

        Raises HostUnavailable when the database does not answer.
        """
        try:
            commands, now = await self._threads.run(accepted_until_now, self._run_id)
        except DatabaseAway as error:
            raise HostUnavailable(str(error)) from error
        for command in commands:
            self._apply(command)
        return int(now.timestamp() * 1_000_000)


def accepted_until_now(run_id: UUID) -> tuple[list[Command], datetime]:
    """Commands that no worker has applied, and the database's time, read one after the other while the run's row is locked."""
    with transaction.atomic():
        row = Run.objects.filter(pk=run_id)
        row.select_for_update().values_list("pk").get()
        return commands_of(run_id), row.annotate(now=Now()).values_list("now", flat=True).get()


def commands_of(run_id: UUID) -> list[Command]:
    """Commands of a run that no worker has applied, oldest first."""
    return list(Command.objects.filter(run=run_id, applied_at__isnull=True).order_by("pk"))


def commands_by_run(runs: Iterable[Run]) -> dict[UUID, list[Command]]:
    """The same of several runs; those without any are left out."""
    found: defaultdict[UUID, list[Command]] = defaultdict(list)
    for command in Command.objects.filter(run__in=[run.pk for run in runs], applied_at__isnull=True).order_by("pk"):
        found[command.run_id].append(command)
    return found
