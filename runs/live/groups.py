"""The channel layer and the names of its groups. Names are made here from ids, never from text of a client."""

from uuid import UUID

from channels.layers import BaseChannelLayer, get_channel_layer


def channel_layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None
    return layer


def run_group(run_id: UUID) -> str:
    return f"run.{run_id.hex}"


def tenant_group(tenant_id: UUID) -> str:
    return f"tenant.{tenant_id.hex}"


def worker_group(worker: str) -> str:
    return f"worker.{UUID(worker).hex}"
