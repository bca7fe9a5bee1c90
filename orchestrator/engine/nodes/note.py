"""A note on the canvas: for people, not for the run."""

from pydantic import Field

from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params
from orchestrator.engine.execution.context import NodeContext


class NoteParams(Params):
    text: str = Field(default="", max_length=20_000, title="Text", json_schema_extra={"control": "textarea"})


async def run(ctx: NodeContext, params: NoteParams) -> Outputs:
    return {}


KIND = NodeKind(
    name="note",
    title="Note",
    summary="A note on the canvas",
    group="notes",
    icon="sticky-note",
    params=NoteParams,
    run=run,
    inputs=(),
    outputs=(),
    executes=False,
)
