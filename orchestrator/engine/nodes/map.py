"""Run the body once for each item of a list, several at a time."""

from enum import StrEnum
from functools import partial

from pydantic import Field

from orchestrator.engine.document.expressions.failures import describe
from orchestrator.engine.document.node_kind import IN, OUT, Expression, NodeKind, Outputs, Params, Port, Yields
from orchestrator.engine.errors import EndsRun, EngineError, ErrorCode, RunLimitReached
from orchestrator.engine.execution.branches import Slots
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json, PortName, Scope


class ItemError(StrEnum):
    FAIL = "fail"
    SKIP = "skip"
    RECORD = "record"


class MapParams(Params):
    items: Expression = Field(
        default="input", title="Items", description="The list to go through", json_schema_extra={"control": "expression"}
    )
    concurrency: int = Field(default=8, ge=1, le=256, title="At a time", json_schema_extra={"control": "number"})
    on_item_error: ItemError = Field(
        default=ItemError.FAIL,
        title="When an item fails",
        description="fail: the node fails; skip: leave the item out; record: put the error in its place",
        json_schema_extra={"control": "select"},
    )


async def run(ctx: NodeContext, params: MapParams) -> Outputs:
    items = await ctx.evaluate(params.items)
    if not isinstance(items, list):
        raise EngineError(f"Items are {describe(items)}, expected a list", code=ErrorCode.INVALID_INPUT, cure="Let `items` give a list.")
    if len(items) > ctx.limits.max_items:
        raise RunLimitReached(
            f"{len(items)} items, at most {ctx.limits.max_items}", cure="Raise max_items in the graph's limits, or split the list."
        )
    labels = [f"item.{index}" for index in range(len(items))]
    if params.on_item_error is ItemError.FAIL:
        ctx.run.raise_known_failure([Scope(f"{ctx.path}/{label}") for label in labels])
    works = [partial(_one, index=index, item=item, params=params) for index, item in enumerate(items)]
    results = await ctx.gather(works, labels, Slots(params.concurrency))
    kept = [value for found, value in results if found]
    return {OUT.name: kept}


async def _one(ctx: NodeContext, index: int, item: Json, params: MapParams) -> tuple[bool, Json]:
    try:
        return True, await ctx.run_body(index, item, _label(item))
    except EndsRun:
        raise
    except EngineError as error:
        if params.on_item_error is ItemError.FAIL:
            raise
        await ctx.settle()
        data: Json = {"error": error.info.model_dump(mode="json")}
        return params.on_item_error is ItemError.RECORD, data


def _label(item: Json) -> str:
    """A short name for an item: a telling field of it, or the value itself."""
    if isinstance(item, dict):
        for name in ("title", "name", "subject", "label", "id"):
            if isinstance(item.get(name), str | int):
                return str(item[name])[:80]
        return ""
    return str(item)[:80] if isinstance(item, str | int | float) else ""


KIND = NodeKind(
    name="map",
    title="Map",
    summary="Run the body once for each item of a list",
    group="flow",
    icon="layers",
    params=MapParams,
    run=run,
    yields=Yields.ALL,
    inputs=(IN, Port(name=PortName("result"), title="Result", inner=True)),
    outputs=(
        Port(name=OUT.name, title="Results", type="list"),
        Port(name=PortName("item"), title="Item", inner=True),
    ),
    container=True,
)
