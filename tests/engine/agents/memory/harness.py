"""An agent at work on its node's input, and a node for any function, in memory."""

from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.work import work
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json
from tests.graphs import graph, node, path

Run = Callable[[NodeContext], Awaitable[Json]]


def kind(run: Run) -> NodeKind[Params]:
    async def outputs(ctx: NodeContext, _params: Params) -> Outputs:
        return {OUT.name: await run(ctx)}

    return NodeKind(name="mindful", title="Mindful", summary="For this test", group="agents", icon="bot", params=Params, run=outputs)


def document(memory: dict[str, Any], **rest: Any) -> Graph:
    agent = {"name": "Ann", "model": "scripted", "instructions": "Be brief.", "memory": memory, **rest}
    retry = {"attempts": 2, "initial_s": 0}
    return graph(
        [node("start", "input"), node("work", "mindful", retry=retry), node("end", "output")],
        path("start", "work", "end"),
        agents={"ann": agent},
    )


async def mindful(ctx: NodeContext) -> Json:
    """The node's input is the task."""
    return (await work(ctx, "ann", Conversation().asked(str(ctx.input)))).value
