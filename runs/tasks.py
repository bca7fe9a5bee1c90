"""Doors through which hints come in. The rows decide what is done."""

from uuid import UUID

from celery import shared_task

from runs.canary import mark_seen
from runs.worker_step import worker_of_this_process


@shared_task(name="runs.admit", expires=60)
def admit(tenant_id: str, run_id: str) -> None:
    """Look at this run: it may be due."""
    worker_of_this_process().admit(UUID(tenant_id), UUID(run_id))


@shared_task(name="runs.sing", expires=30)
def sing(canary: int) -> None:
    """Prove that this process consumes."""
    mark_seen(canary, worker_of_this_process().id)
