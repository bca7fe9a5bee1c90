"""What people do with runs: start them and tell them things. Only here are these rows written by people."""

import json
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from editor.models import Graph, GraphVersion
from editor.versions import freeze, latest_version, numbered_versions
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.json_schema import first_fault
from orchestrator.engine.run_input import check_input
from orchestrator.engine.status import RunStatus
from runs.failpoint import failpoint
from runs.hints import announce, announce_change
from runs.models import Approval, Command, Run
from runs.problems import AlreadyDecided, AlreadyPaused, AnotherCall, InvalidAnswer, InvalidInput, NotPaused, NotWaiting, RunFinished
from tenants.access import require
from tenants.models import User
from tenants.problems import NotFound

PREVIEW = 200


def start_run(*, graph: Graph, by: User, run_input: Json, trigger: Run.Trigger, version: int | None = None, draft: bool = False) -> Run:
    """A new run that some worker will take up. Raises InvalidInput, GraphInvalid, Forbidden, NotFound."""
    require(by, "run", graph)
    chosen = _version_of(graph, by, version, draft=draft)
    _check_input(chosen, run_input)
    with transaction.atomic():
        run = Run.objects.create(
            tenant_id=graph.tenant_id,
            graph=graph,
            graph_version=chosen,
            created_by=by,
            trigger=trigger,
            input=run_input,
            input_preview=json.dumps(run_input, ensure_ascii=False)[:PREVIEW],
            due_at=Now(),
        )
        transaction.on_commit(partial(_announce_start, run))
    return run


def _announce_start(run: Run) -> None:
    failpoint("outbox_written_not_sent")
    announce(run)
    announce_change(run.tenant_id, run.pk)


def _version_of(graph: Graph, by: User, number: int | None, *, draft: bool) -> GraphVersion:
    """The version asked for; without a number the latest; without any the draft, for who may edit it."""
    if number is not None:
        found = numbered_versions(graph).filter(number=number).first()
        if found is None:
            raise NotFound()
        return found
    latest = None if draft else latest_version(graph)
    if latest is None:
        require(by, "edit", graph)
    return latest or freeze(graph, by, draft=True)


def _check_input(version: GraphVersion, run_input: Json) -> None:
    try:
        check_input(version.document.get("inputs", {}), run_input)
    except EngineError as error:
        raise InvalidInput(error.info.message, cure=error.info.cure) from error


def send_command(*, run: Run, by: User, kind: Command.Kind, comment: str = "") -> Command:
    """Pause, resume or cancel. The worker that has the run applies it."""
    require(by, "cancel", run)
    with transaction.atomic():
        locked = _unfinished(run)
        paused = locked.status == RunStatus.PAUSED.value
        pausing = Command.objects.filter(run=locked, applied_at__isnull=True, kind=Command.Kind.PAUSE).exists()
        if kind == Command.Kind.RESUME and not (paused or pausing):
            raise NotPaused()
        if kind == Command.Kind.PAUSE and (paused or pausing):
            raise AlreadyPaused()
        return _tell(locked, by, kind, {"comment": comment})


def answer(*, run: Run, by: User, path: str, action: str, value: Json = None, comment: str = "", digest: str = "") -> Command:
    """Answer the question at `path`. Of all answers exactly one is taken; `digest` binds it to what was shown."""
    require(by, "answer", run)
    with transaction.atomic():
        locked = _unfinished(run)
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
        return _tell(locked, by, Command.Kind.ANSWER, body)


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


def _unfinished(run: Run) -> Run:
    """The row, locked: its worker cannot give it back before the command is there to be seen."""
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.terminal:
        raise RunFinished(details={"status": locked.status})
    return locked


def _tell(locked: Run, by: User, kind: Command.Kind, body: dict[str, Any]) -> Command:
    command = Command.objects.create(tenant_id=locked.tenant_id, run=locked, kind=kind, by=by, body={**body, "by": by.name})
    if not locked.lease_owner:
        Run.objects.filter(pk=locked.pk).update(due_at=Now())
    transaction.on_commit(partial(_announce_command, locked))
    return command


def _announce_command(run: Run) -> None:
    failpoint("approval_saved_not_resumed")
    announce(run)
