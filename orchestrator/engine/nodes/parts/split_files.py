"""Send each file on by its kind: pictures here, sounds there."""

from typing import Final

from pydantic import Field

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.node_kind import Expression, NodeKind, Outputs, Params, Port, Yields
from orchestrator.engine.effects.files import files_from
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import PortName

_TITLES: Final = {
    Modality.IMAGE: "Images",
    Modality.AUDIO: "Sounds",
    Modality.VIDEO: "Videos",
    Modality.DOCUMENT: "Documents",
    Modality.TEXT: "Texts",
}


class SplitParams(Params):
    files: Expression = Field(
        default="input",
        title="Files",
        description="One file or a list of them. Each kind leaves by its own port, as a list; a port without files stays silent.",
        json_schema_extra={"control": "expression"},
    )


async def run(ctx: NodeContext, params: SplitParams) -> Outputs:
    files = files_from(await ctx.evaluate(params.files), f"Expression `{params.files}`")
    if not files:
        raise EngineError("There is no file to send on", code=ErrorCode.NO_ROUTE, cure="Send at least one file into this node.")
    outputs: Outputs = {
        PortName(kind): [file.value() for file in files if file.modality is kind]
        for kind in Modality
        if any(file.modality is kind for file in files)
    }
    ctx.decide("kinds of file", ", ".join(outputs), f"{len(files)} files", list(Modality))
    return outputs


KIND = NodeKind(
    name="split_files",
    title="Split by kind of file",
    summary="Images, sounds, videos, documents and texts each go their own way",
    group="data",
    icon="split",
    params=SplitParams,
    run=run,
    yields=Yields.SOME,
    outputs=tuple(Port(name=PortName(kind), title=title, type="list", modality=kind) for kind, title in _TITLES.items()),
)
