"""What somebody must do every second even if nobody asks: wake runs that are due, send probes.

Two schedulers at once do no harm: wake-ups may double, and a run is claimed once.
"""

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from runs.live.wake_ups import wake_up
from runs.models import Run
from runs.worker import probe
from tenants.isolation.scope import system_scope

log = structlog.get_logger(__name__)

EVERY_S = 1.0
WAKE_UPS = 20
"""Due runs named at in one round. Workers look for themselves as well, so few are enough."""


def tick() -> int:
    """One round: how many due runs were named at."""
    with system_scope():
        due = list(Run.objects.due().only("tenant_id", "lease_owner")[:WAKE_UPS])
        for run in due:
            run.lease_owner = ""
            wake_up(run)
        probe.send_if_due()
        if not probe.workers_consume():
            log.error("workers_do_not_consume", cure="Restart the workers.")
    return len(due)


def keep_ticking(stop: threading.Event) -> None:
    while not stop.wait(EVERY_S):
        try:
            close_old_connections()
            tick()
        except DatabaseError as error:
            log.warning("database_away", error=str(error))
        except Exception:  # a scheduler that ended would leave the workers alone without a word
            log.exception("scheduler_round_failed")
