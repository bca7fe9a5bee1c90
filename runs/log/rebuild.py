"""The projections of a run made anew from its log, and whether that changes anything."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from orchestrator.engine.log.status import RunStatus
from runs.log.run_log import load
from runs.models import Run
from runs.projections import every
from runs.projections.fact import facts_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of one projection that are not what the log says."""

    run: str
    projection: str
    stored: list[dict[str, Any]]
    read: list[dict[str, Any]]


class _Unwanted(Exception):
    """Ends a transaction whose changes are not to be kept."""


def rebuild(run: Run, *, keep: bool) -> list[Difference]:
    """Read the whole log again and write every projection: what differed before. `keep` false changes no row."""
    differences: list[Difference] = []
    try:
        with transaction.atomic():
            locked = Run.objects.select_for_update().get(pk=run.pk)
            before = _rows(locked)
            _write_anew(locked)
            after = _rows(locked)
            differences = [Difference(str(run.pk), name, before[name], after[name]) for name in before if before[name] != after[name]]
            if not keep:
                raise _Unwanted
    except _Unwanted:
        pass
    return differences


def _rows(run: Run) -> dict[str, list[dict[str, Any]]]:
    return {projection.name: projection.rows(run) for projection in (every.RUN_ROW, *every.OTHERS)}


def _write_anew(run: Run) -> None:
    """Leases are nobody's reading of the log: they stay as they are."""
    for projection in (every.RUN_ROW, *every.OTHERS):
        projection.clear(run)
    run.status = RunStatus.QUEUED.value
    changes = every.read(run, facts_of(load(run), {}))
    changes.row.lease = {}
    every.write([changes])
    used = {name: getattr(changes.row.used, name) for name in changes.row.used.FIELDS}
    Run.objects.filter(pk=run.pk).update(**used)
