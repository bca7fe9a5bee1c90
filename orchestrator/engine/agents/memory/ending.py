"""What is kept when a piece of work has ended."""

import json
from typing import Final

from orchestrator.engine.agents.memory.episodes import KEEPING, episode
from orchestrator.engine.agents.memory.keeping import keep_text
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.agents.memory import Episodes, LongTerm
from orchestrator.engine.effects.memory import MemoryKind
from orchestrator.engine.errors import ErrorInfo, MemoryFailed
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json

_TASK: Final = 2_000


async def keep(ctx: NodeContext, agent_id: str, agent: Agent, task: str, answer: Json = None, error: ErrorInfo | None = None) -> None:
    """Keep the answer where the agent is to, and the episode. `error` says why there is no answer.

    What an earlier attempt at the step has told gives way to this. What cannot be kept is told in the log, and the answer is as
    good without.
    """
    memory, apart = agent.memory, ctx.part(KEEPING)
    if memory.long_term.on and memory.long_term.write == "answer" and error is None:
        said = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        await _keep(apart, agent_id, agent, f"Asked: {task[:_TASK]}\nAnswered: {said}", "note", memory.long_term)
    if memory.episodes.on:
        told = episode(ctx.run.state, ctx.path, agent_id, task, answer, error)
        await _keep(apart, agent_id, agent, told, "episode", memory.episodes)


async def _keep(ctx: NodeContext, agent_id: str, agent: Agent, text: str, kind: MemoryKind, rules: LongTerm | Episodes) -> None:
    try:
        await keep_text(ctx, agent_id, agent, text, kind=kind, rules=rules, tells_of=ctx.piece)
    except MemoryFailed as error:
        ctx.decide("memory", "not kept", f"{error.info.message} {error.info.cure}".strip())
