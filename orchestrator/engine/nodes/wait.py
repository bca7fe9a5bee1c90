"""Wait for a time, without holding a worker."""

from pydantic import Field

from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params, Yields
from orchestrator.engine.execution.context import NodeContext


class WaitParams(Params):
    seconds: float = Field(default=60.0, ge=0, le=31_536_000, title="Seconds", json_schema_extra={"control": "number"})


async def run(ctx: NodeContext, params: WaitParams) -> Outputs:
    await ctx.sleep(params.seconds)
    return {OUT.name: ctx.input}


KIND = NodeKind(
    name="wait",
    title="Wait",
    summary="Go on after a time",
    group="flow",
    icon="clock",
    params=WaitParams,
    run=run,
    yields=Yields.ALL,
)
