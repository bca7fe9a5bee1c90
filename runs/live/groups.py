"""The channel layer and the names of its groups. Names are made here from ids, never from text of a client."""

from typing import Any
from uuid import UUID

from channels.layers import BaseChannelLayer, get_channel_layer


def channel_layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    assert layer is not None
    return layer


async def send_to(group: str, message: dict[str, Any]) -> None:
    """Send to whoever listens to the group. The message names it, because one channel of a process hears all groups."""
    await channel_layer().group_send(group, {**message, "group": group})


def run_group(run_id: UUID) -> str:
    return f"run.{run_id.hex}"


def run_of_group(group: str) -> UUID | None:
    """The run whose group this is."""
    return UUID(group.removeprefix("run.")) if group.startswith("run.") else None


def tenant_group(tenant_id: UUID) -> str:
    return f"tenant.{tenant_id.hex}"


def worker_group(worker: str) -> str:
    return f"worker.{UUID(worker).hex}"
