"""Keeping something for later work; what looks sensitive is shown to a person first."""

from typing import Final

from orchestrator.engine.agents.memory.effects import remember
from orchestrator.engine.agents.memory.sensitive import kinds
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.agents.memory import Episodes, LongTerm
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.human import HumanAction, HumanRequest
from orchestrator.engine.effects.memory import LONGEST_MEMORY, KeptMemory, MemoryKind, NewMemory
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json

KEEP: Final = HumanAction(name="keep", title="Keep", style="primary")
DISCARD: Final = HumanAction(name="discard", title="Do not keep", style="danger", takes_value=False)
_FORM: Final[dict[str, Json]] = {"type": "string", "title": "What is kept", "minLength": 1, "maxLength": LONGEST_MEMORY}


async def keep_text(
    ctx: NodeContext, agent_id: str, agent: Agent, text: str, *, kind: MemoryKind, rules: LongTerm | Episodes, tells_of: str = ""
) -> KeptMemory | None:
    """Keep a text by the rules of its space. None when it was not to be kept, by a person's word or by the rules.

    `tells_of`: see NewMemory. Raises MemoryFailed when it could not be.
    """
    text = text.strip()[:LONGEST_MEMORY]
    looks = kinds(text)
    if looks and rules.sensitive == "discard":
        ctx.decide("memory", "not kept", f"It looks as if it held: {', '.join(looks)}.")
        return None
    if looks and rules.sensitive == "ask":
        decided = await _ask(ctx, agent, text, looks, rules.space)
        if decided is None:
            return None
        text, looks = decided, kinds(decided)
    memory = NewMemory(
        space=rules.space,
        kind=kind,
        text=text,
        embedding=agent.memory.embedding,
        retention=rules.retention,
        sensitive=looks,
        tells_of=tells_of,
    )
    return await remember(ctx, memory, agent_id)


async def _ask(ctx: NodeContext, agent: Agent, text: str, looks: tuple[str, ...], space: str) -> str | None:
    """What a person lets be kept, as they have edited it; None when nothing."""
    request = HumanRequest(
        mode="review",
        title=f"May {agent.name} remember this?"[:300],
        message=f"It looks as if it held: {', '.join(looks)}. Kept, it can be recalled by every agent that uses the memory {space!r}.",
        payload=text,
        actions=(KEEP, DISCARD),
        answer_schema=_FORM,
        digest=digest([ctx.path, space, text]),
    )
    answer = await ctx.ask(request)
    ctx.decide("memory", answer.action, answer.comment, [KEEP.name, DISCARD.name])
    if answer.action != KEEP.name:
        return None
    if answer.value is None:
        return text
    fault = await ctx.fault(_FORM, answer.value)
    if fault or not isinstance(answer.value, str):
        raise EngineError(f"The text to be kept cannot be used: {fault}", code=ErrorCode.INVALID_INPUT)
    return answer.value
