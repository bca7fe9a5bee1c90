"""What an agent can ask for in the middle of its work: tools of the world, and later a colleague or its memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from orchestrator.engine.agents.host_tools import ask_person, run_graph
from orchestrator.engine.agents.host_tools.ask_person import AskPerson
from orchestrator.engine.agents.host_tools.run_graph import RunGraph
from orchestrator.engine.agents.host_tools.telling import told_of
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.effects.model import Part, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import EngineError, ErrorCode, Refused, Rejected, ToolError
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json


class OfferedTool(Protocol):
    @property
    def spec(self) -> ToolSpec:
        """How the model sees it."""
        ...

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        """Do it; whatever it does to the world is an effect of `ctx`. What the model is told about it.

        A failure that the model can go on from is told, any other raised.
        """
        ...


@dataclass(frozen=True, slots=True)
class HostTool:
    """A tool of the host, called on behalf of an agent. `own_tools` is the agent's frozen list."""

    spec: ToolSpec
    agent_id: str
    own_tools: tuple[str, ...]

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        use = ToolUse(self.spec.name, arguments, agent=self.agent_id, safety=self.spec.safety, own_tools=self.own_tools)
        try:
            result = await ctx.perform(use)
        except (ToolError, Refused, Rejected) as error:
            return told_of(error)
        return text_parts(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))


def tools_of(ctx: NodeContext, agent_id: str, agent: Agent) -> Mapping[str, OfferedTool]:
    """The tools on an agent's list, by name. Raises EngineError for one that does not exist."""
    found = {name: ctx.tool(name) for name in agent.tools}
    missing = [name for name, spec in found.items() if spec is None]
    if missing:
        raise EngineError(
            f"Agent {agent.name!r} lists tools that do not exist: {', '.join(missing)}",
            code=ErrorCode.INVALID_PARAMS,
            cure="Remove them from the agent, or enable them.",
        )
    return {name: _offered(spec, agent_id, agent) for name, spec in found.items() if spec is not None}


def _offered(spec: ToolSpec, agent_id: str, agent: Agent) -> OfferedTool:
    if spec.name == ask_person.NAME:
        return AskPerson(spec, agent.name)
    return (RunGraph if spec.name == run_graph.NAME else HostTool)(spec, agent_id, agent.tools)
