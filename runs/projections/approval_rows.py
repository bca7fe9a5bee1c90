"""The questions that runs ask people, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orchestrator.engine.effects.human import EXPIRED
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log import events as ev
from runs.models import Approval, Run
from runs.projections.fact import Fact, moment
from runs.projections.projection import Projection

COMPARED = ("path", "request", "digest", "deadline", "status", "action", "decided_by", "decided_at", "created_at")
RUN_ENDS = (ev.RunSucceeded, ev.RunFailed, ev.RunCancelled, ev.RunCrashed, ev.RunLimitExceeded)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a question ended. An action that no person chose leaves it void."""

    path: Path
    action: str
    by_id: UUID | None
    at: datetime


@dataclass(slots=True)
class Questions:
    """What was asked, what ended, and which questions were withdrawn because their attempt or item has ended."""

    run: Run
    asked: list[Approval] = field(default_factory=list)
    ended: list[Outcome] = field(default_factory=list)
    withdrawn: list[Path] = field(default_factory=list)
    run_ended: bool = False

    def __bool__(self) -> bool:
        return bool(self.asked or self.ended or self.withdrawn or self.run_ended)


class ApprovalRows(Projection[Questions]):
    name = "approvals"

    def read(self, run: Run, facts: Sequence[Fact]) -> Questions | None:
        found = Questions(run)
        for fact in facts:
            _take(found, fact)
        return found or None

    def write(self, changes: Sequence[Questions]) -> None:
        asked = [question for change in changes for question in change.asked]
        if asked:
            Approval.objects.bulk_create(asked, ignore_conflicts=True)
        for change in changes:
            for outcome in change.ended:
                _close(change.run, outcome)
            _withdraw(change)

    def clear(self, run: Run) -> None:
        Approval.objects.filter(run=run).delete()

    def rows(self, run: Run) -> list[dict[str, Json]]:
        return list(Approval.objects.filter(run=run).order_by("path").values(*COMPARED))


def _take(found: Questions, fact: Fact) -> None:
    event, begun = fact.event, fact.begun
    if isinstance(event, ev.EffectStarted) and event.kind == "human":
        found.asked.append(_question(found.run, event))
    elif isinstance(event, ev.EffectFinished) and begun is not None and begun.kind == "human":
        found.ended.append(_outcome(event))
    elif isinstance(event, RUN_ENDS):
        found.run_ended = True
    found.withdrawn.extend(cut.path for cut in fact.cut_off if cut.kind == "human")


def _question(run: Run, event: ev.EffectStarted) -> Approval:
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


def _outcome(event: ev.EffectFinished) -> Outcome:
    action = event.result.get("action") if isinstance(event.result, dict) else None
    return Outcome(event.path, str(action or "")[:64], UUID(event.by_id) if event.by_id else None, moment(event.at_us))


def _close(run: Run, outcome: Outcome) -> None:
    status = Approval.Status.VOID if outcome.action == EXPIRED else Approval.Status.DECIDED
    pending = Approval.objects.filter(run=run, path=outcome.path, status=Approval.Status.PENDING)
    pending.update(status=status, action=outcome.action, decided_by=outcome.by_id, decided_at=outcome.at)


def _withdraw(change: Questions) -> None:
    pending = Approval.objects.filter(run=change.run, status=Approval.Status.PENDING)
    if change.run_ended:
        pending.update(status=Approval.Status.VOID)
    elif change.withdrawn:
        pending.filter(path__in=change.withdrawn).update(status=Approval.Status.VOID)
