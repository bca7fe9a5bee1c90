"""Picking parts out of JSON, where a path that goes through everything again and again holds up nobody."""

from typing import Annotated

from pydantic import Field

from orchestrator.capabilities.tools.computing.json_path import select
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import EngineError, ToolError
from orchestrator.engine.ids import Json


@tool(
    "json_query",
    title="JSON query",
    safety=Safety.PURE,
    timeout_s=20,
    example='json_query(data={"orders": [{"status": "open"}]}, path="$.orders[0].status")',
    touches="Nothing. It only looks at the data of the call.",
)
async def json_query(
    context: ToolContext,
    *,
    data: Annotated[dict[str, Json] | list[Json] | str, Field(description="The JSON value, or its text")],
    path: Annotated[str, Field(min_length=1, max_length=500, description="JSONPath such as $.orders[0].status or $..price")],
) -> Json:
    """Select parts of a JSON value with a JSONPath expression."""
    try:
        return await context.evaluator.ask(select, data, path)
    except EngineError as error:
        raise ToolError.of(error.info) from None
