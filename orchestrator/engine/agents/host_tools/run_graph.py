"""An agent has another graph run, and goes on with what that gives. The run waits meanwhile, and leaves its worker."""

import json
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.agents.host_tools.telling import told_of
from orchestrator.engine.effects.child_run import RunEnd, RunWanted
from orchestrator.engine.effects.model import Part, text_parts
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import Refused, Rejected, ToolError
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import StartRun
from orchestrator.engine.ids import Json

NAME: Final = "run_graph"

SPEC: Final = ToolSpec(
    name=NAME,
    title="Run a graph",
    description="Run another graph of the workspace with an input and wait for its output. Use it to hand over a whole piece of work.",
    parameters={
        "type": "object",
        "properties": {
            "graph": {
                "type": "string",
                "minLength": 1,
                "maxLength": 80,
                "description": "The graph's name as it stands in its address",
            },
            "input": {"description": "What the graph begins with; it must fit the graph's own form"},
        },
        "required": ["graph"],
        "additionalProperties": False,
    },
    safety=Safety.IDEMPOTENT,
)


@dataclass(frozen=True, slots=True)
class RunGraph:
    """As one agent has it. `own_tools` is the agent's frozen list."""

    spec: ToolSpec
    agent_id: str
    own_tools: tuple[str, ...]

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        try:
            end = await end_of(ctx, arguments, agent=self.agent_id, own_tools=self.own_tools)
        except (ToolError, Refused, Rejected) as error:
            return told_of(error)
        if not end.succeeded:
            return text_parts(f"Error: {_why(arguments, end)} {end.cure}".strip())
        return text_parts(end.output if isinstance(end.output, str) else json.dumps(end.output, ensure_ascii=False))


async def output_of(ctx: NodeContext, arguments: dict[str, Json]) -> Json:
    """What a graph gives to a node that a person drew. Raises ToolError where it fails, Refused and Rejected by the gate."""
    end = await end_of(ctx, arguments, agent="", own_tools=None)
    if not end.succeeded:
        raise ToolError(_why(arguments, end), cure=end.cure or f"Look into run {end.run}.")
    return end.output


async def end_of(ctx: NodeContext, arguments: dict[str, Json], *, agent: str, own_tools: tuple[str, ...] | None) -> RunEnd:
    """Have a graph run, and wait until that run is over, however long."""
    wanted = RunWanted(graph=str(arguments["graph"]), input=arguments.get("input"))
    return await ctx.have_run(StartRun(NAME, wanted, agent=agent, own_tools=own_tools))


def _why(arguments: dict[str, Json], end: RunEnd) -> str:
    return f"The run {end.run} of graph {arguments['graph']!r} has not succeeded, it ended as {end.status}. {end.message}".strip()
