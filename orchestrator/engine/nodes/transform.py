"""Reshape data with expressions."""

from pydantic import Field

from orchestrator.engine.document.node_kind import OUT, Expression, NodeKind, Outputs, Params, Yields
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json


class TransformParams(Params):
    """Either one expression, or one for each field of the object that leaves."""

    expression: Expression = Field(
        default="", title="Expression", description="The value that leaves", json_schema_extra={"control": "expression"}
    )
    fields: dict[str, Expression] = Field(
        default={},
        title="Fields",
        description="Fields of the object that leaves, each an expression",
        json_schema_extra={"control": "expression-map"},
    )


async def run(ctx: NodeContext, params: TransformParams) -> Outputs:
    if params.fields:
        value: dict[str, Json] = {name: await ctx.evaluate(expression) for name, expression in params.fields.items()}
        return {OUT.name: value}
    return {OUT.name: await ctx.evaluate(params.expression or "input")}


KIND = NodeKind(
    name="transform",
    title="Transform",
    summary="Reshape data with expressions",
    group="data",
    icon="braces",
    params=TransformParams,
    run=run,
    yields=Yields.ALL,
)
