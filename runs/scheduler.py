"""What somebody must do every second even if nobody asks: hint at runs that are due, send canaries.

Two schedulers at once do no harm: hints may double, and a run is claimed once.
"""

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from runs import canary
from runs.hints import announce
from runs.models import Run
from tenants.scope import system_scope

log = structlog.get_logger(__name__)

EVERY_S = 1.0
HINTS = 20
"""Due runs hinted at in one round. Workers look for themselves as well, so few are enough."""


def tick() -> int:
    """One round: how many due runs were hinted at."""
    with system_scope():
        due = list(Run.objects.due().only("tenant_id", "lease_owner")[:HINTS])
        for run in due:
            run.lease_owner = ""
            announce(run)
        canary.send_if_due()
        if not canary.workers_consume():
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
