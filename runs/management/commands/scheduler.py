"""`manage.py scheduler`: runs until it is told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from runs.worker.scheduler import Scheduler


class Command(BaseCommand):
    help = "wakes runs that are due and proves that workers consume."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        self.stdout.write("scheduler: ready")
        Scheduler().keep_ticking(stop)
