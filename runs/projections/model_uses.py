"""One row for each model call that was paid: the costs are sums of these."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from orchestrator.engine.ids import Json
from runs.models import ModelUse, Run
from runs.projections.fact import Fact
from runs.projections.new_rows import insert
from runs.projections.projection import Projection
from runs.projections.used import used_by

COMPARED = ("seq", "graph", "agent", "model", "day", "input_tokens", "output_tokens", "cost_nano_usd", "priced")


class Use(NamedTuple):
    """A new row of ModelUse, by its columns."""

    tenant_id: UUID
    run_id: UUID
    seq: int
    graph_id: UUID
    user_id: UUID | None
    agent: str
    model: str
    day: date
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    priced: bool


class ModelUses(Projection[list[Use]]):
    name = "model_uses"

    def read(self, run: Run, facts: Sequence[Fact]) -> list[Use] | None:
        return [use for use in (_use(run, fact) for fact in facts) if use is not None] or None

    def write(self, changes: Sequence[list[Use]]) -> None:
        insert(ModelUse, Use._fields, [use for uses in changes for use in uses])

    def clear(self, run: Run) -> None:
        ModelUse.objects.filter(run=run).delete()

    def rows(self, run: Run) -> list[dict[str, Json]]:
        return list(ModelUse.objects.filter(run=run).order_by("seq").values(*COMPARED))


def _use(run: Run, fact: Fact) -> Use | None:
    usage, begun = used_by(fact), fact.begun
    if usage is None:
        return None
    return Use(
        tenant_id=run.tenant_id,
        run_id=run.pk,
        seq=fact.event.seq,
        graph_id=run.graph_id,
        user_id=run.created_by_id,
        agent=begun.agent[:80] if begun else "",
        model=begun.name[:200] if begun else "",
        day=fact.at.date(),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_nano_usd=usage.cost_nano_usd,
        priced=usage.priced,
    )
