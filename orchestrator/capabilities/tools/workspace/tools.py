"""Writing, reading and listing the files of a run."""

from dataclasses import asdict
from typing import Annotated, Final

from pydantic import Field

from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.capabilities.tools.workspace.workspace import LONGEST_FILE
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import clean_text

_TOUCHES: Final = "The files of this run, kept in the database with it. No file of a machine, and of no other run."
_FAMILY: Final = "workspace"
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,4}$",
        max_length=200,
        description="Name such as notes.md or report/part-1.md",
    ),
]


@tool(
    "workspace_write",
    title="Write a file of the run",
    safety=Safety.IDEMPOTENT,
    family=_FAMILY,
    example='workspace_write(name="notes.md", text="# Findings")',
    touches=_TOUCHES,
)
async def workspace_write(
    context: ToolContext,
    *,
    name: Name,
    text: Annotated[str, Field(max_length=LONGEST_FILE, description="The whole text of the file")],
) -> Json:
    """Keep a text as a file of this run, in place of the former text of that name."""
    return asdict(await context.workspace.write(name, clean_text(text), context.idempotency_key))


@tool(
    "workspace_read",
    title="Read a file of the run",
    safety=Safety.PURE,
    family=_FAMILY,
    example='workspace_read(name="notes.md")',
    touches=_TOUCHES,
)
async def workspace_read(context: ToolContext, *, name: Name) -> Json:
    """Read a file that was written in this run."""
    text = await context.workspace.read(name)
    if text is None:
        known = ", ".join(file.name for file in await context.workspace.list()) or "none"
        raise ToolError(f"This run has no file {name!r}", code=ErrorCode.INVALID_INPUT, cure=f"Its files: {known}.")
    return text


@tool(
    "workspace_list",
    title="List the files of the run",
    safety=Safety.PURE,
    family=_FAMILY,
    example="workspace_list()",
    touches=_TOUCHES,
)
async def workspace_list(context: ToolContext) -> Json:
    """List the files of this run, with their sizes in bytes and how often each was written."""
    return [asdict(file) for file in await context.workspace.list()]
