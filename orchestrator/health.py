"""Whether a process lives, and whether the product can do its work: over HTTP and by `manage.py health`."""

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse

from orchestrator.processes import embedded_broker
from orchestrator.settings.env import REDIS_URL
from runs.health.pulse import health_of
from runs.leases.stranded import stranded
from runs.models import Pulse
from runs.worker.build import build_id
from tenants.isolation.database import drop_connection, reach
from tenants.isolation.scope import system_scope


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready` while the database answers: runs are taken then, whoever else is away."""

    ready: bool
    report: dict[str, Any]


def live(request: HttpRequest) -> JsonResponse:
    """200 while this process answers; it asks nobody else."""
    return JsonResponse({"status": "ok", "build": build_id()})


def ready(request: HttpRequest) -> JsonResponse:
    """200 while the database answers. A broker, workers or a scheduler that are away are said, and runs are still taken."""
    found = readiness()
    return JsonResponse(found.report, status=200 if found.ready else 503)


def readiness() -> Readiness:
    """What this process finds of the others."""
    processes = _processes()
    report = {
        "status": "unavailable" if processes is None else "ok",
        "database": processes is not None,
        "broker": embedded_broker.answers(REDIS_URL),
        "build": build_id(),
        **(processes or {}),
    }
    return Readiness(processes is not None, report)


def _processes() -> dict[str, Any] | None:
    """Workers, schedulers and stranded runs as the database knows them; None when it does not answer."""
    try:
        with system_scope():
            return reach(_read_processes)
    except (DatabaseError, InterfaceError):
        drop_connection()
        return None


def _read_processes() -> dict[str, Any]:
    worker, scheduler = health_of(Pulse.Kind.WORKER), health_of(Pulse.Kind.SCHEDULER)
    return {
        "worker": {"ok": worker.ok, **worker.report},
        "scheduler": {"ok": scheduler.ok, **scheduler.report},
        "stranded_runs": stranded().count(),
    }
