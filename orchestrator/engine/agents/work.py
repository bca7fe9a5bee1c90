"""Let an agent work: whatever way of planning it has, within its limits."""

from collections.abc import Iterable

from orchestrator.engine.agents.answer import Answer
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.memory.blocks import task_text
from orchestrator.engine.agents.memory.ending import keep
from orchestrator.engine.agents.memory.recollection import recollect
from orchestrator.engine.agents.memory.tools import memory_tools
from orchestrator.engine.agents.offered_tool import OfferedTool, tools_of
from orchestrator.engine.agents.planning import plan_and_execute, react, reflection, tree_of_thoughts
from orchestrator.engine.agents.spending import Spending
from orchestrator.engine.agents.turns import Turns
from orchestrator.engine.document.agents.strategy import Direct, PlanAndExecute, ReAct, Reflection, Strategy, TreeOfThoughts
from orchestrator.engine.errors import EndsRun, EngineError, LimitExceeded
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json


async def work(
    ctx: NodeContext,
    agent_id: str,
    conversation: Conversation,
    *,
    more_tools: Iterable[OfferedTool] = (),
    answers_in: dict[str, Json] | None = None,
) -> Answer:
    """Let an agent go on with a conversation until it answers: with text, or with data when there is a schema.

    `more_tools` are offered beside those on the agent's list; `answers_in` is a schema in place of the agent's own.
    Raises LimitExceeded when the agent's limits end first, BadReply, ModelRefused, ModelError.
    """
    agent = ctx.agent(agent_id)
    tools = {**tools_of(ctx, agent_id, agent), **memory_tools(agent_id, agent), **{tool.spec.name: tool for tool in more_tools}}
    opening = await ctx.render(agent.instructions) if agent.instructions else ""
    task = task_text(conversation.messages)
    reminded = await recollect(ctx, agent_id, agent, task)
    turns = Turns(ctx, agent_id, agent, opening, tools, Spending(), reminded)
    schema = agent.output_schema if answers_in is None else answers_in
    try:
        answer = await _within_time(turns, conversation, schema)
    except EndsRun:
        raise
    except EngineError as error:
        await keep(ctx, agent_id, agent, task, error=error.info)
        raise
    await keep(ctx, agent_id, agent, task, answer.value)
    return answer


async def _within_time(turns: Turns, conversation: Conversation, schema: dict[str, Json] | None) -> Answer:
    agent = turns.agent
    try:
        async with turns.time_limit():
            return await _planned(turns, conversation, schema, agent.strategy)
    except TimeoutError:
        raise LimitExceeded(
            f"Agent {agent.name!r} worked longer than {agent.limits.max_seconds:g} s", cure="Raise its max_seconds, or give it less to do."
        ) from None


async def _planned(turns: Turns, task: Conversation, schema: dict[str, Json] | None, strategy: Strategy) -> Answer:
    match strategy:
        case Direct():
            return await turns.converse(task, schema)
        case ReAct():
            return await react.solve(turns, task, schema)
        case PlanAndExecute():
            return await plan_and_execute.solve(turns, task, schema, strategy)
        case TreeOfThoughts():
            return await tree_of_thoughts.solve(turns, task, schema, strategy)
        case Reflection():
            return await reflection.solve(turns, task, schema, strategy)
