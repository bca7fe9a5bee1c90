"""Where an approval is decided: of all answers to a question exactly one is taken."""

from typing import Any

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from editor.graphs.uploads import BadFile
from orchestrator.engine.document.files.asked import file_faults
from orchestrator.engine.ids import Json
from runs.control.commands import tell, unfinished
from runs.control.problems import (
    AlreadyDecided,
    AnotherCall,
    DigestMissing,
    InvalidAnswer,
    NotWaiting,
)
from runs.control.run_files import hold_for
from runs.models import Approval, Command, Run
from tenants.evaluation import schema_faults
from tenants.models import User
from tenants.people.access import require
from tenants.policy.consent import require_consent

EDIT = "edit"
"""The action that sends a changed value where others leave what was shown."""


def answer(*, run: Run, by: User, path: str, action: str, digest: str, value: Json = None, comment: str = "") -> Command:
    """Answer the question at `path`; `digest` binds the answer to what was shown.

    Of all answers one is accepted. The run takes it before it looks at the question's deadline, and
    what became of the question is read from its log.
    Raises OwnCall, DigestMissing, NotWaiting, AlreadyDecided, AnotherCall, InvalidAnswer.
    """
    require(by, "answer", run)
    if not digest:
        raise DigestMissing()
    misfit = _held_against_form(run, path, value)
    with transaction.atomic():
        locked = unfinished(run)
        asked = _open_question(locked, path)
        require_consent(by, asked.request.get("tool") or "", started_by=locked.created_by_id)
        if asked.digest != digest:
            raise AnotherCall(details={"digest": asked.digest})
        _check_answer(asked.request, action, value)
        if misfit:
            raise InvalidAnswer(f"The value does not fit: {misfit}", cure="Correct the value.")
        _hold_files(locked, value)
        body = {"path": path, "answer": {"action": action, "value": value, "comment": comment}, "comment": comment}
        return tell(locked, by, Command.Kind.ANSWER, body, path=path)


def _hold_files(locked: Run, value: Json) -> None:
    """Files that come with an answer belong to the run from now on."""
    try:
        hold_for(locked, value)
    except BadFile as error:
        raise InvalidAnswer(error.message, cure=error.cure) from error


def _open_question(locked: Run, path: str) -> Approval:
    """The run's row is locked, so nobody else answers and the run does not let the question expire meanwhile."""
    asked = Approval.objects.filter(run=locked, path=path).annotate(expired=_EXPIRED).first()
    if asked is None or asked.status == Approval.Status.VOID:
        raise NotWaiting()
    if asked.status == Approval.Status.DECIDED or Command.objects.filter(run=locked, path=path, applied_at=None).exists():
        raise AlreadyDecided()
    if asked.expired:
        raise NotWaiting()
    return asked


_EXPIRED = ExpressionWrapper(Q(deadline__isnull=False) & Q(deadline__lte=Now()), output_field=BooleanField())


def _held_against_form(run: Run, path: str, value: Json) -> str | None:
    """Where the value does not fit the question's form. No row is locked meanwhile: it may take long."""
    asked = Approval.objects.filter(run=run, path=path).first()
    schema = asked.request.get("answer_schema") if asked is not None else None
    faults = [*schema_faults(schema, value), *file_faults(schema, value)] if schema and value is not None else []
    return next(iter(faults), None)


def _check_answer(request: dict[str, Any], action: str, value: Json) -> None:
    """A value that comes with an answer is used, or the answer is refused."""
    known = {known["name"]: known for known in request.get("actions", [])}
    if action not in known:
        raise InvalidAnswer(f"There is no action {action[:60]!r}.", cure=f"Choose one of: {', '.join(known)}.")
    if value is None:
        return
    if not known[action].get("takes_value", True):
        raise InvalidAnswer(f"`{action}` takes no value.", cure="Leave the value out: what was shown is what will be done.")
    if EDIT in known and action != EDIT and value != request.get("payload"):
        raise InvalidAnswer(f"The value was changed, and `{action}` leaves it as it was.", cure=f"Send it with `{EDIT}`, or send no value.")
