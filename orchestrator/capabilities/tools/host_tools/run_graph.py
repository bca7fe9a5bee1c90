"""What is told of the tool by which a graph has another one run. The run performs it itself: see `engine/agents/host_tools`."""

from typing import Final

from orchestrator.capabilities.tools.functions.arguments import arguments_of
from orchestrator.capabilities.tools.terms import Terms
from orchestrator.capabilities.tools.tool import Tool, ToolContext
from orchestrator.engine.agents.host_tools.run_graph import SPEC
from orchestrator.engine.errors import ToolError
from orchestrator.engine.ids import Json


async def _not_here(graph: str, input: Json = None) -> None:
    raise ToolError(f"There is no graph {graph!r} here", cure="Only a run has other graphs run.")


run_graph: Final = Tool(
    SPEC,
    _not_here,
    arguments_of(_not_here, ToolContext, {}),
    terms=Terms(SPEC.timeout_s),
    example='run_graph(graph="support-triage", input={"tickets": []})',
    touches="Graphs that whoever started this run may run. Each becomes a run of its own, whose end is waited for. No graph runs itself, "
    "directly or by others.",
)
