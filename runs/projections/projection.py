"""What new events of a log mean for the rows that are read from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.status import RunStatus
from runs.models import Approval, ModelUse, Run

PROGRESS = (ev.NodeFinished, ev.NodeFailed, ev.EffectFinished, ev.EffectFailed, ev.ScopeFinished, ev.EffectUnknown, ev.RunSuspended)
"""Events that show that a worker got somewhere with the run."""


def moment(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC)


@dataclass(slots=True)
class Reading:
    """Columns to set, sums to add, rows to make and questions to close, for one run."""

    run: Run
    columns: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0
    progressed: bool = False
    released: bool = False
    """The last event leaves the run to nobody: it has ended, waits or is paused."""
    approvals: list[Approval] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    uses: list[ModelUse] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return "finished_at" in self.columns


def read(run: Run, batch: Sequence[ev.Event], started: dict[Path, ev.EffectStarted]) -> Reading:
    """`started` remembers the effects of the run that have not ended, from one batch to the next."""
    reading = Reading(run)
    for event in batch:
        reader = _READERS.get(type(event))
        if reader is not None:
            reader(reading, event, started)
        reading.progressed |= isinstance(event, PROGRESS)
    return reading


Started = dict[Path, ev.EffectStarted]
Reader = Callable[[Reading, Any, Started], None]
_READERS: dict[type[ev.Event], Reader] = {}


def _reads(*kinds: type[ev.Event]) -> Callable[[Reader], Reader]:
    def register(function: Reader) -> Reader:
        _READERS.update(dict.fromkeys(kinds, function))
        return function

    return register


@_reads(ev.RunStarted)
def _started(reading: Reading, event: ev.RunStarted, _: Started) -> None:
    reading.columns |= {"status": RunStatus.RUNNING.value, "started_at": moment(event.at_us)}


@_reads(ev.RunClaimed, ev.RunUnpaused)
def _running(reading: Reading, event: ev.RunClaimed | ev.RunUnpaused, _: Started) -> None:
    if reading.run.status != RunStatus.PAUSED.value or isinstance(event, ev.RunUnpaused):
        reading.columns["status"] = RunStatus.RUNNING.value


@_reads(ev.RunPaused)
def _paused(reading: Reading, _event: ev.RunPaused, _: Started) -> None:
    reading.released = True
    reading.columns |= {"status": RunStatus.PAUSED.value, "lease_owner": "", "due_at": None}


@_reads(ev.RunSuspended)
def _suspended(reading: Reading, event: ev.RunSuspended, _: Started) -> None:
    reading.released = True
    wake_at = None if event.wake_at_us is None else moment(event.wake_at_us)
    reading.columns |= {"status": RunStatus.WAITING.value, "lease_owner": "", "due_at": wake_at}


def _end(reading: Reading, event: ev.Event, status: RunStatus, *, output: Json = None, error: Mapping[str, Any] | None = None) -> None:
    reading.released = True
    reading.columns |= {"status": status.value, "finished_at": moment(event.at_us), "lease_owner": "", "due_at": None}
    reading.columns |= {"output": output, "error": error}


@_reads(ev.RunSucceeded)
def _succeeded(reading: Reading, event: ev.RunSucceeded, _: Started) -> None:
    _end(reading, event, RunStatus.SUCCEEDED, output=event.output)


@_reads(ev.RunFailed)
def _failed(reading: Reading, event: ev.RunFailed, _: Started) -> None:
    _end(reading, event, RunStatus.FAILED, error=_error(event.error))


@_reads(ev.RunLimitExceeded)
def _limit(reading: Reading, event: ev.RunLimitExceeded, _: Started) -> None:
    _end(reading, event, RunStatus.LIMIT_EXCEEDED, error=_error(event.error))


@_reads(ev.RunCancelled)
def _cancelled(reading: Reading, event: ev.RunCancelled, _: Started) -> None:
    _end(reading, event, RunStatus.CANCELLED, error={"code": "cancelled", "message": event.reason or "Cancelled.", "by": event.by})


@_reads(ev.RunCrashed)
def _crashed(reading: Reading, event: ev.RunCrashed, _: Started) -> None:
    error = {"code": "crashed", "message": f"The platform gave the run up ({event.detector}).", "cure": event.detail}
    _end(reading, event, RunStatus.CRASHED, error=error)


def _error(info: ErrorInfo) -> dict[str, Any]:
    return info.model_dump(mode="json")


@_reads(ev.EffectStarted)
def _effect_started(reading: Reading, event: ev.EffectStarted, started: Started) -> None:
    if event.kind in ("model", "human"):
        started[event.path] = event
    if event.kind == "human":
        reading.approvals.append(approval(reading.run, event))


def approval(run: Run, event: ev.EffectStarted) -> Approval:
    """The question that a human effect asks."""
    request = event.request if isinstance(event.request, dict) else {}
    deadline = request.get("deadline_us")
    return Approval(
        tenant_id=run.tenant_id,
        run_id=run.pk,
        path=event.path,
        request=request,
        digest=str(request.get("digest") or ""),
        deadline=moment(deadline) if isinstance(deadline, int) else None,
        created_at=moment(event.at_us),
    )


@_reads(ev.EffectFinished, ev.EffectFailed)
def _effect_ended(reading: Reading, event: ev.EffectFinished | ev.EffectFailed, started: Started) -> None:
    begun = started.pop(event.path, None)
    if begun is not None and begun.kind == "human":
        reading.closed.append(event.path)
    if event.usage is None:
        return
    usage, run = event.usage, reading.run
    reading.calls += 1
    reading.input_tokens += usage.input_tokens
    reading.output_tokens += usage.output_tokens
    reading.cost_nano_usd += usage.cost_nano_usd
    reading.uses.append(
        ModelUse(
            tenant_id=run.tenant_id,
            run_id=run.pk,
            seq=event.seq,
            graph_id=run.graph_id,
            user_id=run.created_by_id,
            agent=begun.agent[:80] if begun else "",
            model=begun.name[:200] if begun else "",
            day=moment(event.at_us).date(),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_nano_usd=usage.cost_nano_usd,
            priced=usage.priced,
        )
    )
