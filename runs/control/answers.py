"""Where an approval is decided: of all answers to a question exactly one is taken."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from orchestrator.engine.document.json_schema import first_fault
from orchestrator.engine.ids import Json
from runs.control.commands import tell, unfinished
from runs.control.problems import (
    AlreadyDecided,
    AnotherCall,
    InvalidAnswer,
    NotWaiting,
)
from runs.models import Approval, Command, Run
from tenants.models import User
from tenants.people.access import require


def answer(*, run: Run, by: User, path: str, action: str, value: Json = None, comment: str = "", digest: str = "") -> Command:
    """Answer the question at `path`. Of all answers exactly one is taken; `digest` binds it to what was shown."""
    require(by, "answer", run)
    with transaction.atomic():
        locked = unfinished(run)
        asked = Approval.objects.filter(run=locked, path=path).first()
        if asked is None or asked.status == Approval.Status.VOID:
            raise NotWaiting()
        if asked.status == Approval.Status.DECIDED:
            raise AlreadyDecided()
        if digest and digest != asked.digest:
            raise AnotherCall(details={"digest": asked.digest})
        _check_answer(asked.request, action, value)
        _decide(asked, by, action)
        body = {"path": path, "answer": {"action": action, "value": value, "comment": comment}, "comment": comment}
        return tell(locked, by, Command.Kind.ANSWER, body)


def _decide(asked: Approval, by: User, action: str) -> None:
    open_still = Q(deadline__isnull=True) | Q(deadline__gt=Now())
    pending = Approval.objects.filter(open_still, pk=asked.pk, status=Approval.Status.PENDING)
    if not pending.update(status=Approval.Status.DECIDED, action=action, decided_by=by, decided_at=Now()):
        raise NotWaiting()


def _check_answer(request: dict[str, Any], action: str, value: Json) -> None:
    known = [known["name"] for known in request.get("actions", [])]
    if action not in known:
        raise InvalidAnswer(f"There is no action {action[:60]!r}.", cure=f"Choose one of: {', '.join(known)}.")
    schema = request.get("answer_schema")
    fault = first_fault(schema, value) if schema and value is not None else None
    if fault:
        raise InvalidAnswer(f"The value does not fit: {fault}", cure="Correct the value.")
