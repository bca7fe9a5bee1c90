"""Finds what no frame told: the lengths of the logs that are watched here, asked of the database."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from runs.live.groups import run_group, run_of_group
from runs.live.sockets.reads import read
from runs.models import Run
from tenants.isolation.database import DatabaseAway
from tenants.isolation.scope import system_scope


async def look(groups: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """What to tell which group. One query, however many sockets there are."""
    runs = [run for group in groups if (run := run_of_group(group)) is not None]
    if not runs:
        return []
    try:
        lengths = await read(_lengths, runs)
    except DatabaseAway:
        return []  # the sockets' own checks tell of it
    return [(run_group(run), {"type": "run.length", "last": length}) for run, length in lengths]


def _lengths(runs: Collection[UUID]) -> list[tuple[UUID, int]]:
    with system_scope():
        return list(Run.objects.filter(pk__in=runs).values_list("pk", "last_seq"))
