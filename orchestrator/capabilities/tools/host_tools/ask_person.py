"""What is told of the tool by which an agent asks a person. The run performs it itself: see `engine/agents/host_tools`."""

from typing import Final

from orchestrator.capabilities.tools.functions.arguments import arguments_of
from orchestrator.capabilities.tools.terms import Terms
from orchestrator.capabilities.tools.tool import Tool, ToolContext
from orchestrator.engine.agents.host_tools.ask_person import SPEC
from orchestrator.engine.errors import ErrorCode, ToolError


async def _not_by_a_node(question: str, choices: list[str] | None = None, wait_s: float | None = None) -> None:
    raise ToolError("Only an agent asks by ask_person", code=ErrorCode.INVALID_PARAMS, cure="Draw a Human node in place of this one.")


ask_person: Final = Tool(
    SPEC,
    _not_by_a_node,
    arguments_of(_not_by_a_node, ToolContext, {}),
    terms=Terms(SPEC.timeout_s),
    example='ask_person(question="Which of the two offers shall I take?", choices=["Hotel Sole", "Hotel Luna"], wait_s=3600)',
    touches="A person of the workspace: the question stands under Approvals until somebody answers. The run waits, and holds no worker.",
)
