"""Whether the workers still consume what the broker has, judged by the probes."""

import time
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from orchestrator.processes import embedded_broker
from orchestrator.settings.env import REDIS_URL
from runs.health.probe import workers_consume
from runs.models import Pulse
from tenants.isolation.scope import system_scope

LOOK_S = 2.0
PATIENCE_S = 15.0
"""Beyond the probes' own: one more of them may come late."""
START_S = 90.0
"""The same for a worker that was just started and has not consumed yet."""
SILENT = timedelta(seconds=30)
"""Nobody writes so long that a probe, had one been sent, would have been missed: others may hold the database for a while."""


class ConsumptionWatch:
    """Runs out of patience when probes do not arrive although broker and database are there."""

    def __init__(self) -> None:
        self._content_at = self._looked_at = time.monotonic()
        self._patience_s = START_S

    def out_of_patience(self) -> bool:
        """True once; then the worker that is started again has time to hear a probe."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return False
        self._looked_at = now
        consumed = _consumed()
        if consumed:
            self._patience_s = PATIENCE_S
        if consumed is not False:
            self._content_at = now
        if now - self._content_at < self._patience_s:
            return False
        self._content_at, self._patience_s = now, START_S
        return True


def _consumed() -> bool | None:
    """None when it cannot be known. Without a broker workers look for runs by themselves."""
    if not embedded_broker.answers(REDIS_URL):
        return None
    try:
        with system_scope():
            return workers_consume() and _anybody_writes()
    except DatabaseError:
        return None
    finally:
        connection.close()


def _anybody_writes() -> bool:
    """False when somebody keeps SQLite's one place for a writer: nobody can send the probe that would be missed.

    Told by the pulse of the scheduler, which is a thread of the process that asks.
    """
    return connection.vendor != "sqlite" or Pulse.objects.filter(kind=Pulse.Kind.SCHEDULER, beat_at__gt=Now() - SILENT).exists()
