"""What the end of a run means to the run that started it, and to those that it started."""

from collections.abc import Iterable
from uuid import UUID

from orchestrator.engine.effects.child_run import RunEnd
from runs.models import UNFINISHED, Command, Run


def tell_family(ended: Iterable[UUID]) -> list[UUID]:
    """Leave commands, in the transaction that ends these runs: each one's end for its parent, and for its children that nobody
    waits for their result any more. Returns who was told; once it is committed, let them take it in.
    """
    over = list(ended)
    started = Run.objects.filter(pk__in=over, parent__status__in=UNFINISHED).order_by()
    return [*_left([_answer(run) for run in started]), *cancel_children(over)]


def cancel_children(parents: Iterable[UUID]) -> list[UUID]:
    """Leave with the children of these runs that they are over. Returns who was told."""
    children = Run.objects.filter(parent__in=list(parents), status__in=UNFINISHED).order_by().only("tenant_id")
    return _left([_cancel(child) for child in children])


def _left(commands: list[Command]) -> list[UUID]:
    if commands:
        Command.objects.bulk_create(commands, ignore_conflicts=True)
    return [command.run_id for command in commands]


def end_of(run: Run) -> RunEnd:
    """How a run that is over has ended."""
    error = run.error if isinstance(run.error, dict) else {}
    told = {name: str(error.get(name) or "") for name in ("message", "cure")}
    return RunEnd(run=str(run.pk), status=run.status, output=run.output, **told)


def _answer(run: Run) -> Command:
    body = {"path": run.awaited_at, "answer": end_of(run).model_dump(mode="json"), "by": "", "by_id": ""}
    assert run.parent_id is not None
    return Command(tenant_id=run.tenant_id, run_id=run.parent_id, kind=Command.Kind.ANSWER, path=run.awaited_at, body=body)


def _cancel(child: Run) -> Command:
    body = {"comment": "The run that had started it is over.", "by": "", "by_id": ""}
    return Command(tenant_id=child.tenant_id, run=child, kind=Command.Kind.CANCEL, body=body)
