"""Choose one way on: by expressions, or by asking an agent."""

from enum import StrEnum

from pydantic import Field

from orchestrator.engine.agents.choice import choose
from orchestrator.engine.document.node_kind import Expression, NodeKind, Outputs, Params, PortsFrom, Template, Yields
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import PortName


class RouterMode(StrEnum):
    EXPRESSION = "expression"
    MODEL = "model"


class Route(Params):
    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64, title="Port")
    condition: Expression = Field(
        default="", title="When", description="Empty: when no other route is taken", json_schema_extra={"control": "expression"}
    )
    description: str = Field(default="", title="Meaning", description="What the agent is told about this route")


class RouterParams(Params):
    mode: RouterMode = Field(default=RouterMode.EXPRESSION, title="Decided by", json_schema_extra={"control": "select"})
    routes: tuple[Route, ...] = Field(
        default=(), title="Routes", description="The first that holds is taken", json_schema_extra={"control": "list"}
    )
    agent: str = Field(default="", title="Agent", description="Who chooses, when decided by model", json_schema_extra={"control": "agent"})
    prompt: Template = Field(
        default="{{ input }}", title="Question", description="What the agent chooses about", json_schema_extra={"control": "template"}
    )


async def run(ctx: NodeContext, params: RouterParams) -> Outputs:
    names = [route.name for route in params.routes]
    if params.mode is RouterMode.MODEL:
        question = await ctx.render(params.prompt)
        chosen, why = await choose(ctx, params.agent, question, {route.name: route.description for route in params.routes})
    else:
        chosen, why = await _first_that_holds(ctx, params.routes)
    ctx.decide("route", chosen, why, names)
    return {PortName(chosen): ctx.input}


async def _first_that_holds(ctx: NodeContext, routes: tuple[Route, ...]) -> tuple[str, str]:
    for route in routes:
        if route.condition and await ctx.holds(route.condition):
            return route.name, route.condition
    for route in routes:
        if not route.condition:
            return route.name, "no other route holds"
    raise EngineError(
        "No route holds for this value", code=ErrorCode.NO_ROUTE, cure="Add a route without a condition; it is taken when no other is."
    )


KIND = NodeKind(
    name="router",
    title="Router",
    summary="Choose one way on, by expression or by model",
    group="flow",
    icon="split",
    params=RouterParams,
    run=run,
    yields=Yields.ONE,
    outputs=(),
    ports_from=PortsFrom(param="routes"),
)
