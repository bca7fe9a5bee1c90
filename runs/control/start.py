"""Starting a run: the only place where run rows are made."""

import json
from functools import partial
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from editor.graphs.uploads import BadFile
from editor.models import Graph, GraphVersion
from editor.versions.frozen import frozen
from editor.versions.versions import freeze, latest_version, numbered_versions
from orchestrator.engine.document.files.asked import file_faults
from orchestrator.engine.document.run_input import refuse_input
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import MOST_VALUES, holds_too_many
from runs.control.principal import Principal
from runs.control.problems import (
    InvalidInput,
    KeyReused,
)
from runs.control.run_files import hold_for
from runs.failpoint import failpoint
from runs.live.wake_ups import announce_change, wake_up
from runs.models import Run
from tenants.evaluation import schema_faults
from tenants.models import User
from tenants.people.access import require
from tenants.problems import NotFound

PREVIEW = 200


class Started(NamedTuple):
    """`new` is false when the same start had been asked for before: `run` is the one of then."""

    run: Run
    new: bool


def start_run(
    *, graph: Graph, principal: Principal, run_input: Json, version: int | None = None, draft: bool = False, dedup_key: str = ""
) -> Started:
    """A run that some worker will take up. Whoever asks again under the same `dedup_key` gets the first one.

    Raises InvalidInput, GraphInvalid, Forbidden, NotFound; KeyReused when something else was asked for under the key.
    """
    require(principal.user, "run", graph)
    mark = digest([str(graph.pk), version, draft, run_input]) if dedup_key else ""
    known = _started_before(principal, dedup_key, mark)
    if known is not None:
        return Started(known, new=False)
    chosen = _version_of(graph, principal.user, version, draft=draft)
    _check_input(chosen, run_input)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                tenant_id=graph.tenant_id,
                graph=graph,
                graph_version=chosen,
                created_by=principal.user,
                trigger=principal.trigger,
                api_key=principal.key,
                parent=principal.parent,
                dedup_key=dedup_key,
                dedup_digest=mark,
                input=run_input,
                input_preview=json.dumps(run_input, ensure_ascii=False)[:PREVIEW],
                due_at=Now(),
            )
            hold_for(run, run_input)
            transaction.on_commit(partial(_announce_start, run))
    except BadFile as error:
        raise InvalidInput(error.message, cure=error.cure) from error
    except IntegrityError:
        known = _started_before(principal, dedup_key, mark)
        if known is None:
            raise
        return Started(known, new=False)
    return Started(run, new=True)


def _started_before(principal: Principal, key: str, mark: str) -> Run | None:
    found = Run.objects.filter(created_by=principal.user, dedup_key=key).select_related("graph", "graph_version").first() if key else None
    if found is not None and found.dedup_digest != mark:
        raise KeyReused(details={"run": str(found.pk)})
    return found


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
    if holds_too_many(run_input):
        told = f"The input holds more than {MOST_VALUES} texts, numbers, lists and objects."
        raise InvalidInput(told, cure="Split it over several runs, or put it into a file of the graph.")
    form = frozen(version.pk).document.get("inputs", {})
    try:
        refuse_input([*schema_faults(form, run_input), *file_faults(form, run_input)] if form else [])
    except EngineError as error:
        raise InvalidInput(error.info.message, cure=error.info.cure) from error
