"""Let an agent work on a task: its model, its tools, its limits."""

from pydantic import Field

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.loop import work
from orchestrator.engine.document.node_kind import OUT, AgentRef, NodeKind, Outputs, Params, Template, Yields
from orchestrator.engine.execution.context import NodeContext


class AgentParams(Params):
    agent: AgentRef = Field(title="Agent", json_schema_extra={"control": "agent"})
    prompt: Template = Field(
        default="{{ input }}", title="Task", description="What the agent is told", json_schema_extra={"control": "template"}
    )


async def run(ctx: NodeContext, params: AgentParams) -> Outputs:
    task = Conversation().asked(await ctx.render(params.prompt))
    return {OUT.name: (await work(ctx, params.agent, task)).value}


KIND = NodeKind(
    name="agent",
    title="Agent",
    summary="An agent works on a task with its tools",
    group="agents",
    icon="bot",
    params=AgentParams,
    run=run,
    yields=Yields.ALL,
)
