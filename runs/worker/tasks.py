"""The Celery tasks by which wake-ups come in. They only say that something is due; the rows decide what is done."""

from uuid import UUID

from celery import shared_task

from runs.health.probe import mark_seen
from runs.worker.bootstep import worker_of_this_process


@shared_task(name="runs.admit", expires=60)
def admit(tenant_id: str, run_id: str) -> None:
    """Look at this run: it may be due."""
    worker_of_this_process().admit(UUID(tenant_id), UUID(run_id))


@shared_task(name="runs.probe", expires=30)
def answer_probe(number: int) -> None:
    """Prove that this process consumes."""
    mark_seen(number, worker_of_this_process().id)
