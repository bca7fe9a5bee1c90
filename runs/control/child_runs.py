"""Runs that a run starts: the engine's Runs of one claimed run."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, transaction

from editor.lookup import graph_to_run
from editor.models import Graph
from orchestrator.engine.effects.child_run import END, RunEnd, RunWanted
from orchestrator.engine.errors import HostUnavailable, ToolError
from orchestrator.engine.ports import CallContext
from runs.control.principal import Principal
from runs.control.start import start_run
from runs.leases.lease import wake_for_commands
from runs.log.family import cancel_children, end_of
from runs.models import Run
from tenants.isolation.database import DatabaseThreads, is_away
from tenants.isolation.scope import tenant_scope
from tenants.problems import ApiProblem, NotFound

DEEPEST: Final = 8
"""Runs above a run that may start none."""
MOST: Final = 100
"""Runs that one run may start."""

P = ParamSpec("P")
T = TypeVar("T")


class ChildRuns:
    """Starts runs in the name of whoever answers for this one, and with that person's rights."""

    def __init__(self, tenant_id: UUID, run_id: UUID, threads: DatabaseThreads) -> None:
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._threads = threads

    async def start(self, wanted: RunWanted, call: CallContext) -> str:
        try:
            return await self._visit(start_child, self._run_id, wanted, call.idempotency_key, f"{call.path}{END}")
        except ApiProblem as error:
            raise ToolError(error.message, cure=error.cure) from error

    async def ended(self, run: str) -> RunEnd | None:
        return await self._visit(_ended, self._run_id, UUID(run))

    async def _visit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def visit() -> T:
            with tenant_scope(self._tenant_id):
                return work(*args, **kwargs)

        try:
            return await self._threads.run(visit)
        except (DatabaseError, InterfaceError) as error:
            if is_away(error):
                raise HostUnavailable("The database does not answer") from error
            raise


def start_child(parent_id: UUID, wanted: RunWanted, key: str, awaited_at: str) -> str:
    """The new run's id; that of the first one where the call was made before. Raises ApiProblem, ToolError."""
    parent = Run.objects.select_related("created_by", "graph").get(pk=parent_id)
    if parent.created_by is None:
        raise ToolError("Whoever started this run is not in the workspace any more", cure="Have somebody else start it.")
    known = Run.objects.filter(parent=parent, dedup_key=key).first()
    if known is None:
        try:
            graph = graph_to_run(parent.created_by, wanted.graph)
        except NotFound as error:
            told = f"There is no graph {wanted.graph!r} that {parent.created_by.name} may run"
            raise ToolError(told, cure="Give the name that stands in the graph's address.") from error
        _require_room(parent, graph)
        principal = Principal(trigger=Run.Trigger.RUN, user=parent.created_by, parent=parent)
        known = start_run(graph=graph, principal=principal, run_input=wanted.input, dedup_key=key).run
    _adopt(parent_id, known, awaited_at)
    return str(known.pk)


def _adopt(parent_id: UUID, child: Run, awaited_at: str) -> None:
    """Say where the child's end is waited for: a later attempt at the step waits at a place of its own.

    The parent may have ended while the child was being started, by a cancellation that no thread hears of. Whoever ends it holds
    its row: either they see the child and take it along, or they were first and it is taken along here.
    """
    with transaction.atomic():
        parent = Run.objects.select_for_update().only("status").get(pk=parent_id)
        Run.objects.filter(pk=child.pk).update(awaited_at=awaited_at)
        told = cancel_children([parent_id]) if parent.terminal else []
    if told:
        wake_for_commands(told)


def _require_room(parent: Run, graph: Graph) -> None:
    """Raises ToolError where the graph would run itself, or runs would start runs without end."""
    above: Run | None = parent
    depth = 0
    while above is not None:
        if above.graph_id == graph.pk:
            raise ToolError(
                f"Graph {graph.slug!r} is at work above this call: it would run itself, and so on without end",
                cure="Call another graph, or draw a loop inside this one.",
            )
        above = Run.objects.select_related("parent").filter(pk=above.parent_id).first() if above.parent_id else None
        depth += 1
    if depth > DEEPEST:
        raise ToolError(f"{depth} runs stand above this call, at most {DEEPEST} may", cure="Do it in this run.")
    if Run.objects.filter(parent=parent).count() >= MOST:
        raise ToolError(f"This run has started {MOST} others, and may start no more", cure="Give one run more to do, or use a map.")


def _ended(parent_id: UUID, run_id: UUID) -> RunEnd | None:
    found = Run.objects.filter(pk=run_id, parent=parent_id).first()
    if found is None:
        return RunEnd(run=str(run_id), status="failed", message="It was deleted.")
    return end_of(found) if found.terminal else None
