"""`manage.py scheduler`: runs until it is told to stop."""

from typing import Any

from django.core.management.base import BaseCommand

from orchestrator.processes.database_role import end_if_unsafe
from orchestrator.processes.stopping import Stopping
from runs.worker.scheduler import Scheduler


class Command(BaseCommand):
    help = "wakes runs that are due and proves that workers consume."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = Stopping()
        stopping.listen()
        end_if_unsafe()
        self.stdout.write("scheduler: ready")
        Scheduler().keep_ticking(stopping.wait)
