"""The run's own row: where it stands, when it began and ended, what it gave, what it used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Field

from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.status import RunStatus
from runs.models import Run
from runs.projections.fact import Fact, moment
from runs.projections.projection import Projection
from runs.projections.used import Used, used_by

PROGRESS = (ev.NodeFinished, ev.NodeFailed, ev.EffectFinished, ev.EffectFailed, ev.ScopeFinished, ev.EffectUnknown, ev.RunSuspended)
"""Events that show that a worker got somewhere with the run."""


@dataclass(slots=True)
class RunChange:
    """`columns` are set; `used` is added. `lease` is set as well when the last event leaves the run to nobody."""

    run: Run
    columns: dict[str, Any] = field(default_factory=dict)
    lease: dict[str, Any] = field(default_factory=dict)
    used: Used = field(default_factory=Used)
    progressed: bool = False

    @property
    def released(self) -> bool:
        """The run has ended, waits or is paused."""
        return bool(self.lease)

    @property
    def ended(self) -> bool:
        return "finished_at" in self.columns

    @property
    def status(self) -> str:
        status: str = self.columns.get("status", self.run.status)
        return status


class RunRow(Projection[RunChange]):
    """The sums are added by the statement that fences the commit, so `write` sets columns only."""

    name = "runs"

    def read(self, run: Run, facts: Sequence[Fact]) -> RunChange:
        change = RunChange(run)
        for fact in facts:
            reader = _READERS.get(type(fact.event))
            if reader is not None:
                reader(change, fact.event)
            change.used.add(used_by(fact))
            change.progressed |= isinstance(fact.event, PROGRESS)
        return change

    def write(self, changes: Sequence[RunChange]) -> None:
        """Rows that change in the same columns are written by one statement: a commit may hold hundreds of runs."""
        alike: dict[tuple[str, ...], list[list[Any]]] = {}
        for change in changes:
            new = {**change.columns, **change.lease}
            if new:
                names = tuple(sorted(new))
                alike.setdefault(names, []).append([*(_stored(name, new[name]) for name in names), _stored("id", change.run.pk)])
        with connection.cursor() as cursor:
            for names, rows in alike.items():
                cursor.executemany(f"UPDATE runs_run SET {', '.join(f'{name} = %s' for name in names)} WHERE id = %s", rows)  # noqa: S608 - our own names

    def clear(self, run: Run) -> None:
        empty = dict.fromkeys(Used.FIELDS, 0) | dict.fromkeys(("started_at", "finished_at", "output", "error"))
        Run.objects.filter(pk=run.pk).update(status=RunStatus.QUEUED.value, **empty)

    def rows(self, run: Run) -> list[dict[str, Json]]:
        return list(Run.objects.filter(pk=run.pk).values("status", "started_at", "finished_at", "output", "error", *Used.FIELDS))


def _stored(name: str, value: object) -> Any:
    """A value of a column as the database takes it."""
    column = Run._meta.get_field(name)
    assert isinstance(column, Field)
    return column.get_db_prep_save(value, connection)


Reader = Callable[[RunChange, Any], None]
_READERS: dict[type[ev.Event], Reader] = {}


def _reads(*kinds: type[ev.Event]) -> Callable[[Reader], Reader]:
    def register(function: Reader) -> Reader:
        _READERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@_reads(ev.RunStarted)
def _started(change: RunChange, event: ev.RunStarted) -> None:
    change.columns |= {"status": RunStatus.RUNNING.value, "started_at": moment(event.at_us)}


@_reads(ev.RunClaimed, ev.RunUnpaused)
def _running(change: RunChange, event: ev.RunClaimed | ev.RunUnpaused) -> None:
    """Whoever claimed a paused run only took in what people had told it, and lets it go again."""
    if change.status == RunStatus.PAUSED.value and isinstance(event, ev.RunClaimed):
        change.lease = {"lease_owner": "", "due_at": None}
    else:
        change.lease = {}
        change.columns["status"] = RunStatus.RUNNING.value


@_reads(ev.RunPaused)
def _paused(change: RunChange, _event: ev.RunPaused) -> None:
    change.columns["status"] = RunStatus.PAUSED.value
    change.lease = {"lease_owner": "", "due_at": None}


@_reads(ev.RunSuspended)
def _suspended(change: RunChange, event: ev.RunSuspended) -> None:
    change.columns["status"] = RunStatus.WAITING.value
    change.lease = {"lease_owner": "", "due_at": None if event.wake_at_us is None else moment(event.wake_at_us)}


def _end(change: RunChange, event: ev.Event, status: RunStatus, *, output: Json = None, error: Mapping[str, Any] | None = None) -> None:
    change.columns |= {"status": status.value, "finished_at": moment(event.at_us), "output": output, "error": error}
    change.lease = {"lease_owner": "", "due_at": None}


@_reads(ev.RunSucceeded)
def _succeeded(change: RunChange, event: ev.RunSucceeded) -> None:
    _end(change, event, RunStatus.SUCCEEDED, output=event.output)


@_reads(ev.RunFailed)
def _failed(change: RunChange, event: ev.RunFailed) -> None:
    _end(change, event, RunStatus.FAILED, error=_error(event.error))


@_reads(ev.RunLimitExceeded)
def _limit(change: RunChange, event: ev.RunLimitExceeded) -> None:
    _end(change, event, RunStatus.LIMIT_EXCEEDED, error=_error(event.error))


@_reads(ev.RunCancelled)
def _cancelled(change: RunChange, event: ev.RunCancelled) -> None:
    _end(change, event, RunStatus.CANCELLED, error={"code": "cancelled", "message": event.reason or "Cancelled.", "by": event.by})


@_reads(ev.RunCrashed)
def _crashed(change: RunChange, event: ev.RunCrashed) -> None:
    error = {"code": "crashed", "message": f"The platform gave the run up ({event.detector}).", "cure": event.detail}
    _end(change, event, RunStatus.CRASHED, error=error)


def _error(info: ErrorInfo) -> dict[str, Any]:
    return info.model_dump(mode="json")
