"""Starting a run: the only place where run rows are made."""

import json
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from editor.models import Graph, GraphVersion
from editor.versions.versions import freeze, latest_version, numbered_versions
from orchestrator.engine.document.run_input import check_input
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from runs.control.problems import (
    InvalidInput,
)
from runs.failpoint import failpoint
from runs.live.wake_ups import announce_change, wake_up
from runs.models import Run
from tenants.models import User
from tenants.people.access import require
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
    wake_up(run)
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
