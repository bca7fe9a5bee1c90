"""Wake-ups to workers. Each may get lost or come twice: the rows say what is due, and workers look for themselves."""

from uuid import UUID

from runs.live.groups import worker_group
from runs.live.outbox import Outbox
from runs.models import Run

OUTBOX = Outbox()
"""Of this process."""


def wake_up(run: Run) -> None:
    """Say that the run has become due, or that a command waits for it. Call once it is committed."""
    if run.lease_owner:
        OUTBOX.to_group(worker_group(run.lease_owner), {"type": "worker.look"})
    else:
        OUTBOX.to_queue("runs.admit", str(run.tenant_id), str(run.pk))


def announce_change(tenant_id: UUID, run_id: UUID) -> None:
    """Tell the lists of a tenant that a run has changed."""
    OUTBOX.to_lists(tenant_id, run_id)


def send_probe(number: int) -> None:
    OUTBOX.to_queue("runs.probe", number)
