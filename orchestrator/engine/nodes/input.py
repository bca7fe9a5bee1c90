"""Where the run's input enters the graph."""

from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params, Yields
from orchestrator.engine.execution.context import NodeContext


class InputParams(Params):
    """The form of the input is declared once, on the graph."""


async def run(ctx: NodeContext, params: InputParams) -> Outputs:
    return {OUT.name: ctx.run_input}


KIND = NodeKind(
    name="input",
    title="Input",
    summary="Where the run's input enters",
    group="flow",
    icon="log-in",
    params=InputParams,
    run=run,
    yields=Yields.ALL,
    inputs=(),
)
