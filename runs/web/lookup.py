"""What a person asked for by its id, if they may see it."""

from uuid import UUID

from editor.models import Graph
from orchestrator.engine.log.status import RunStatus
from runs.models import Run, RunQuerySet
from tenants.models import User
from tenants.problems import InvalidValue, NotFound

ELSEWHERE = (
    *("graph__document", "graph__files", "graph__example_input"),
    *("graph_version__document", "graph_version__source", "graph_version__identities", "graph_version__files"),
)
"""Large columns: `frozen` keeps what is read of a version, and nothing is read of a graph."""


def run_for(user: User, run_id: UUID) -> Run:
    """With its values. Raises NotFound alike for what is missing, foreign or not for `user`."""
    rows = Run.objects.visible_to(user).filter(pk=run_id)
    run: Run | None = rows.with_waiting().defer(*ELSEWHERE).first()
    if run is None:
        raise NotFound()
    return run


def runs_for(user: User, *, graph: str = "", status: str = "") -> RunQuerySet[Run]:
    """The runs that `user` may see."""
    rows = Run.objects.visible_to(user).for_lists()
    if graph:
        # By id: the runs of one graph have an index, and a graph without runs is not looked for among all others.
        rows = rows.filter(graph__in=list(Graph.objects.filter(slug=graph).values_list("pk", flat=True)))
    if status:
        if status not in set(RunStatus):
            raise InvalidValue(f"There is no status {status[:40]!r}.", cure=f"Use one of: {', '.join(RunStatus)}.")
        rows = rows.filter(status=status)
    return rows
