"""What a model asks for in one turn, checked before anything is done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.engine.agents.offered_tool import OfferedTool
from orchestrator.engine.agents.repetition import Repetition
from orchestrator.engine.effects.model import Part, ToolRequest
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.evaluation.evaluating import FaultIn
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson, read_json
from orchestrator.engine.log.events import CorrectionKind


@dataclass(frozen=True, slots=True)
class Checked:
    """A request with its tool and arguments, or with what is wrong with it, in words a model can act on."""

    request: ToolRequest
    tool: OfferedTool | None = None
    arguments: dict[str, Json] = field(default_factory=dict)
    fault: str = ""
    what: CorrectionKind = "bad_arguments"

    async def perform(self, ctx: NodeContext) -> tuple[Part, ...]:
        assert self.tool is not None
        return await self.tool.perform(ctx, self.arguments)


async def check_turn(
    fault_in: FaultIn, requests: Sequence[ToolRequest], tools: Mapping[str, OfferedTool], most: int, circles: Repetition
) -> list[Checked]:
    """All requests of one turn, at most `most`; `circles` knows the calls made before."""
    fault = turn_fault(requests, most)
    if fault:
        return [Checked(request, fault=fault, what="bad_turn") for request in requests]
    return [_in_circles(await check(fault_in, request, tools), circles) for request in requests]


def _in_circles(checked: Checked, circles: Repetition) -> Checked:
    fault = "" if checked.fault else circles.fault(checked.request.name, checked.arguments)
    return replace(checked, fault=fault, what="looping") if fault else checked


async def check(fault_in: FaultIn, request: ToolRequest, tools: Mapping[str, OfferedTool]) -> Checked:
    tool = tools.get(request.name)
    if tool is None:
        names = ", ".join(sorted(tools)) or "none"
        return Checked(request, fault=f"there is no tool {request.name!r}. Available tools: {names}.", what="unknown_tool")
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
