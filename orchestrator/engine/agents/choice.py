"""Let an agent choose one of several ways."""

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.work import work
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json


async def choose(ctx: NodeContext, agent_id: str, question: str, options: dict[str, str]) -> tuple[str, str]:
    """Which option the agent chooses, and why. `options` are their meanings by name."""
    listed = "\n".join(f"- {name}: {meaning}" if meaning else f"- {name}" for name, meaning in options.items())
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {
            "route": {"type": "string", "enum": list(options), "description": "The route that fits best"},
            "why": {"type": "string", "description": "One sentence of reason"},
        },
        "required": ["route", "why"],
        "additionalProperties": False,
    }
    task = Conversation().asked(f"{question}\n\nChoose exactly one route:\n{listed}")
    answer = (await work(ctx, agent_id, task, answers_in=schema)).value
    assert isinstance(answer, dict)
    return str(answer["route"]), str(answer["why"])
