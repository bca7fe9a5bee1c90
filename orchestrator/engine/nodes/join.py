"""Bring branches together into one value."""

from enum import StrEnum

from pydantic import Field

from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params, Port, Yields
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json, PortName


class JoinReducer(StrEnum):
    LIST = "list"
    MERGE = "merge"
    CONCAT = "concat"
    FIRST = "first"
    LAST = "last"
    SUM = "sum"


class JoinParams(Params):
    reducer: JoinReducer = Field(
        default=JoinReducer.LIST,
        title="Combine as",
        description="list: all values; merge: objects into one; concat: lists or texts into one; first, last: one of them; sum: numbers",
        json_schema_extra={"control": "select"},
    )


async def run(ctx: NodeContext, params: JoinParams) -> Outputs:
    values = ctx.input
    return {OUT.name: combine(params.reducer, values if isinstance(values, list) else [values])}


def combine(reducer: JoinReducer, values: list[Json]) -> Json:
    """One value of many. Raises EngineError when they do not go together."""
    if reducer is JoinReducer.LIST:
        return values
    if reducer in (JoinReducer.FIRST, JoinReducer.LAST):
        return values[0 if reducer is JoinReducer.FIRST else -1] if values else None
    if reducer is JoinReducer.MERGE and all(isinstance(value, dict) for value in values):
        return {key: item for value in values if isinstance(value, dict) for key, item in value.items()}
    if reducer is JoinReducer.CONCAT and all(isinstance(value, str) for value in values):
        return "".join(str(value) for value in values)
    if reducer is JoinReducer.CONCAT and all(isinstance(value, list) for value in values):
        return [item for value in values if isinstance(value, list) for item in value]
    if reducer is JoinReducer.SUM and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return sum(value for value in values if isinstance(value, int | float))
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise EngineError(
        f"{reducer} cannot combine {kinds}",
        code=ErrorCode.INVALID_OUTPUT,
        cure="Combine as a list, or give all branches the same kind of value.",
    )


KIND = NodeKind(
    name="join",
    title="Join",
    summary="Wait for branches and combine what they bring",
    group="flow",
    icon="merge",
    params=JoinParams,
    run=run,
    yields=Yields.ALL,
    inputs=(Port(name=PortName("in"), title="Branches", many=True),),
)
