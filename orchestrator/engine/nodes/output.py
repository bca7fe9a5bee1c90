"""What the run gives back."""

from pydantic import Field

from orchestrator.engine.document.node_kind import OUT, Expression, NodeKind, Outputs, Params, Yields
from orchestrator.engine.execution.context import NodeContext


class OutputParams(Params):
    value: Expression = Field(
        default="input", title="Value", description="What the run gives back", json_schema_extra={"control": "expression"}
    )


async def run(ctx: NodeContext, params: OutputParams) -> Outputs:
    return {OUT.name: await ctx.evaluate(params.value)}


KIND = NodeKind(
    name="output",
    title="Output",
    summary="What the run gives back",
    group="flow",
    icon="log-out",
    params=OutputParams,
    run=run,
    yields=Yields.ALL,
    outputs=(),
    delivers=True,
)
