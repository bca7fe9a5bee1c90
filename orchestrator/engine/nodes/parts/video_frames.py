"""Pictures out of a video, each with the time at which it was taken."""

from enum import StrEnum

from pydantic import Field

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.node_kind import OUT, Expression, NodeKind, Outputs, Params, Port, Yields
from orchestrator.engine.effects.files import files_from
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import TakeFrames
from orchestrator.engine.ports import FramesWanted


class Spacing(StrEnum):
    SECONDS = "seconds"
    EVENLY = "evenly"


class FramesParams(Params):
    video: Expression = Field(default="input", title="Video", description="A video file", json_schema_extra={"control": "expression"})
    spacing: Spacing = Field(
        default=Spacing.SECONDS,
        title="Taken",
        description="seconds: one every so many seconds; evenly: so many over the whole video",
        json_schema_extra={"control": "select"},
    )
    every_s: float = Field(default=1.0, gt=0, le=3600, title="Seconds between two", description="When taken by seconds")
    at_most: int = Field(default=16, ge=1, le=64, title="Frames at most")


async def run(ctx: NodeContext, params: FramesParams) -> Outputs:
    files = files_from(await ctx.evaluate(params.video), f"Expression `{params.video}`")
    if len(files) != 1 or files[0].modality is not Modality.VIDEO:
        got = f"{files[0].name}, {files[0].media_type}" if len(files) == 1 else f"{len(files)} files"
        raise EngineError(
            f"Frames are taken from one video; got {got}",
            code=ErrorCode.INVALID_PARAMS,
            cure="Give one video; for several, put this node into a map.",
        )
    every_s = params.every_s if params.spacing is Spacing.SECONDS else None
    return {OUT.name: await ctx.perform(TakeFrames(files[0], FramesWanted(every_s=every_s, at_most=params.at_most)))}


KIND = NodeKind(
    name="video_frames",
    title="Frames of a video",
    summary="Pictures from a video, each with its time",
    group="data",
    icon="film",
    params=FramesParams,
    run=run,
    yields=Yields.ALL,
    outputs=(Port(name=OUT.name, title=OUT.title, type="list", modality=Modality.IMAGE),),
)
