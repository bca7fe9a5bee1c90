"""Wake-ups to workers. Each may get lost or come twice: the rows say what is due, and workers look for themselves."""

import time
from collections.abc import Callable
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from celery import current_app

from runs.live.groups import send_to, tenant_group, worker_group
from runs.models import Run

log = structlog.get_logger(__name__)

REST_S = 1.0
"""After a failure nothing is sent for so long: a broker that is away must not slow every request."""
_away_until = 0.0


def wake_up(run: Run) -> None:
    """Say that the run has become due, or that a command waits for it. Call once it is committed."""
    if run.lease_owner:
        _to_group(worker_group(run.lease_owner), {"type": "worker.look"})
    else:
        _to_queue("runs.admit", str(run.tenant_id), str(run.pk))


def announce_change(tenant_id: UUID, run_id: UUID) -> None:
    """Tell the lists of a tenant that a run has changed."""
    _to_group(tenant_group(tenant_id), {"type": "tenant.run", "run": str(run_id)})


def send_probe(number: int) -> None:
    _to_queue("runs.probe", number)


def _to_queue(task: str, *arguments: object) -> None:
    def send() -> None:
        current_app.send_task(task, args=arguments, retry=False, ignore_result=True)

    _try(send)


def _to_group(group: str, message: dict[str, str]) -> None:
    _try(lambda: async_to_sync(send_to)(group, message))


def forget_failures() -> None:
    """Try at once again: another broker is used."""
    global _away_until
    _away_until = 0.0


def _try(send: Callable[[], object]) -> None:
    global _away_until
    if time.monotonic() < _away_until:
        return
    try:
        send()
    except Exception as error:  # noqa: BLE001 - every transport has its own errors, and none may fail the request
        _away_until = time.monotonic() + REST_S
        log.warning("wake_up_not_sent", error=str(error))
