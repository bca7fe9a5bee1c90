"""What a model asks for in one turn, checked before anything is done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine.agents.offered_tool import OfferedTool
from orchestrator.engine.effects.model import Part, ToolRequest
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.evaluation.evaluating import FaultIn
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson, read_json


@dataclass(frozen=True, slots=True)
class Checked:
    """A request with its tool and arguments, or with what is wrong with it, in words a model can act on."""

    request: ToolRequest
    tool: OfferedTool | None = None
    arguments: dict[str, Json] = field(default_factory=dict)
    fault: str = ""

    async def perform(self, ctx: NodeContext) -> tuple[Part, ...]:
        assert self.tool is not None
        return await self.tool.perform(ctx, self.arguments)


async def check(fault_in: FaultIn, request: ToolRequest, tools: Mapping[str, OfferedTool]) -> Checked:
    tool = tools.get(request.name)
    if tool is None:
        names = ", ".join(sorted(tools)) or "none"
        return Checked(request, fault=f"there is no tool {request.name!r}. Available tools: {names}.")
    parameters = tool.spec.parameters
    try:
        arguments = read_json(request.arguments or "{}")
    except NotJson:
        wanted = f"Send one JSON object that fits {json.dumps(parameters)}."
        return Checked(request, fault=f"the arguments of {request.name} are not valid JSON. {wanted}")
    fault = await fault_in(parameters, arguments)
    if fault is None and isinstance(arguments, dict):
        return Checked(request, tool, arguments)
    found = fault or "they are not an object"
    return Checked(request, fault=f"the arguments of {request.name} do not fit: {found}. Expected {json.dumps(parameters)}.")


def turn_fault(requests: Sequence[ToolRequest], most: int) -> str:
    """What is wrong with the requests of a turn taken together; empty when nothing is."""
    if len(requests) > most:
        return f"{len(requests)} tool calls in one turn, at most {most} are allowed. Ask for fewer."
    if len({request.id for request in requests}) < len(requests):
        return "two tool calls have the same id. Give each its own."
    return ""
