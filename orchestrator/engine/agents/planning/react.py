"""Reasoning before each action (Yao et al. 2022, arXiv:2210.03629).

Every tool asks for a thought before its own arguments, so that none is used without one, whatever the provider;
the thought is recorded and the tool never sees it.
"""

from dataclasses import dataclass
from typing import Final

from orchestrator.engine.agents.answer import Answer
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.offered_tool import OfferedTool
from orchestrator.engine.agents.turns import Schema, Turns
from orchestrator.engine.effects.model import Part
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev

THOUGHT: Final = "thought"
_SAID: Final = (
    "Work in steps. Before each action say what you know by now, what is missing, and why this action comes next. "
    "Look at each result before you decide on the next action. Answer as soon as you know enough."
)
_MEANING: Final[Json] = {"type": "string", "minLength": 1, "description": "What you know by now, and why you do this next"}


async def solve(turns: Turns, task: Conversation, schema: Schema) -> Answer:
    tools = {name: Thoughtful(tool, turns) for name, tool in turns.tools.items()}
    return await turns.instructed(_SAID).converse(task, schema, tools=tools)


@dataclass(frozen=True, slots=True)
class Thoughtful:
    """A tool that is used with a thought."""

    tool: OfferedTool
    turns: Turns

    @property
    def spec(self) -> ToolSpec:
        own = self.tool.spec
        return own if _has_thought(own) else own.model_copy(update={"parameters": _with_thought(own.parameters)})

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        if _has_thought(self.tool.spec):
            return await self.tool.perform(ctx, arguments)
        thought = str(arguments.get(THOUGHT, ""))
        self.turns.note_at(ctx, lambda path, agent: ev.Thought(path=path, agent=agent, text=thought))
        return await self.tool.perform(ctx, {name: value for name, value in arguments.items() if name != THOUGHT})


def _has_thought(spec: ToolSpec) -> bool:
    """Whether the tool has an argument of that name already."""
    properties = spec.parameters.get("properties")
    return isinstance(properties, dict) and THOUGHT in properties


def _with_thought(parameters: dict[str, Json]) -> dict[str, Json]:
    properties, required = parameters.get("properties"), parameters.get("required")
    return {
        **parameters,
        "properties": {THOUGHT: _MEANING, **(properties if isinstance(properties, dict) else {})},
        "required": [THOUGHT, *(required if isinstance(required, list) else [])],
    }
