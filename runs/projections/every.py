"""Every projection there is, and what it takes to read a run's log by all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runs.models import Run
from runs.projections.approval_rows import ApprovalRows
from runs.projections.fact import Fact
from runs.projections.model_uses import ModelUses
from runs.projections.projection import Projection
from runs.projections.run_row import RunChange, RunRow

RUN_ROW = RunRow()
OTHERS: tuple[Projection[Any], ...] = (ApprovalRows(), ModelUses())
"""Each has changes of its own type: what one of them reads, the same one writes."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run's next facts mean for its row, and for every other projection in the order of `OTHERS`."""

    row: RunChange
    others: tuple[object | None, ...]

    @property
    def shown_in_lists(self) -> bool:
        """Whether lists of runs or of questions show something else than before."""
        return "status" in self.row.columns or self.others[0] is not None


def read(run: Run, facts: Sequence[Fact]) -> Changes:
    return Changes(RUN_ROW.read(run, facts), tuple(projection.read(run, facts) for projection in OTHERS))


def write(changes: Sequence[Changes]) -> None:
    """Write the changes of several runs, inside the writer's transaction."""
    for index, projection in enumerate(OTHERS):
        some = [change.others[index] for change in changes if change.others[index] is not None]
        if some:
            projection.write(some)
    RUN_ROW.write([change.row for change in changes])
