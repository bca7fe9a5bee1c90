"""Call a tool with arguments made from expressions and templates."""

from pydantic import Field

from orchestrator.engine.agents.host_tools import run_graph
from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params, ToolRef, Yields
from orchestrator.engine.errors import EngineError, ErrorCode, ToolError
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json


class ToolParams(Params):
    tool: ToolRef = Field(title="Tool", json_schema_extra={"control": "tool"})
    arguments: dict[str, Json] = Field(
        default={},
        title="Arguments",
        description="Texts may hold {{ expressions }}; a text that is one placeholder alone keeps the type of its value",
        json_schema_extra={"control": "json", "templates": True},
    )


async def run(ctx: NodeContext, params: ToolParams) -> Outputs:
    spec = ctx.tool(params.tool)
    if spec is None:
        raise ToolError(f"There is no tool {params.tool!r}", cure="Choose a tool that exists.")
    arguments = {name: await fill(ctx, value) for name, value in params.arguments.items()}
    fault = await ctx.fault(spec.parameters, arguments)
    if fault:
        raise EngineError(
            f"The arguments of {params.tool} do not fit: {fault}", code=ErrorCode.INVALID_PARAMS, cure="Correct the arguments."
        )
    if params.tool == run_graph.NAME:
        return {OUT.name: await run_graph.output_of(ctx, arguments)}
    use = ToolUse(params.tool, arguments, agent="", safety=spec.safety, own_tools=None)
    return {OUT.name: await ctx.perform(use)}


async def fill(ctx: NodeContext, value: Json) -> Json:
    """`value` with its placeholders replaced, however deep they are."""
    if isinstance(value, str):
        text = value.strip()
        alone = text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
        return await ctx.evaluate(text[2:-2]) if alone else await ctx.render(value)
    if isinstance(value, list):
        return [await fill(ctx, item) for item in value]
    if isinstance(value, dict):
        return {name: await fill(ctx, item) for name, item in value.items()}
    return value


KIND = NodeKind(
    name="tool",
    title="Tool",
    summary="Call a tool",
    group="tools",
    icon="wrench",
    params=ToolParams,
    run=run,
    yields=Yields.ALL,
)
