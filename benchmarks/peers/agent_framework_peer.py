"""Microsoft's agent-framework: its workflows and its agent. It keeps checkpoints in files, and in no database of ours."""

import asyncio
import logging
import os
from typing import Any, Never

from benchmarks.peers.peer import INSTRUCTIONS, Converse, Invoke, Peer, calculator, present

# It reads these when it is imported: no spans, and no mention of itself in what it sends.
os.environ.update(ENABLE_INSTRUMENTATION="false", AGENT_FRAMEWORK_USER_AGENT_DISABLED="true")
# It warns of each node that follows itself: here a loop is meant.
logging.getLogger("agent_framework").setLevel(logging.ERROR)


def chain(length: int) -> Any:
    from agent_framework import FunctionExecutor, WorkflowBuilder, WorkflowContext

    async def add(value: int, context: WorkflowContext[int]) -> None:
        await context.send_message(value + 1)

    async def add_last(value: int, context: WorkflowContext[Never, int]) -> None:
        await context.yield_output(value + 1)

    nodes = [*(FunctionExecutor(add, id=f"n{index}") for index in range(length - 1)), FunctionExecutor(add_last, id="last")]
    return WorkflowBuilder(length + 10, start_executor=nodes[0], output_from=[nodes[-1]]).add_chain(nodes).build()


def fan(width: int) -> Any:
    from agent_framework import FunctionExecutor, WorkflowBuilder, WorkflowContext

    async def same(value: int, context: WorkflowContext[int]) -> None:
        await context.send_message(value)

    async def total(values: list[int], context: WorkflowContext[Never, int]) -> None:
        await context.yield_output(sum(values))

    start, gathered = FunctionExecutor(same, id="start"), FunctionExecutor(total, id="gathered")
    parts = [FunctionExecutor(same, id=f"n{index}") for index in range(width)]
    builder = WorkflowBuilder(start_executor=start, output_from=[gathered])
    return builder.add_fan_out_edges(start, parts).add_fan_in_edges(parts, gathered).build()


def loop(times: int) -> Any:
    from agent_framework import FunctionExecutor, WorkflowBuilder, WorkflowContext

    async def add(value: int, context: WorkflowContext[int]) -> None:
        await context.send_message(value + 1)

    async def give(value: int, context: WorkflowContext[Never, int]) -> None:
        await context.yield_output(value)

    count, end = FunctionExecutor(add, id="count"), FunctionExecutor(give, id="end")
    builder = WorkflowBuilder(times + 10, start_executor=count, output_from=[end])
    again = builder.add_edge(count, count, condition=lambda value: value < times)
    return again.add_edge(count, end, condition=lambda value: value >= times).build()


SHAPES = {"chain": chain, "fan": fan, "loop": loop}


def in_memory(shape: str, size: int) -> Invoke:
    workflow = SHAPES[shape](size)

    async def go(value: int) -> int:
        [output] = (await workflow.run(value)).get_outputs()
        return int(output)

    return lambda value: asyncio.run(go(value))


def agent(base: str, key: str, model: str) -> Converse:
    from agent_framework import Agent
    from agent_framework.openai import OpenAIChatCompletionClient

    made = Agent(OpenAIChatCompletionClient(model, api_key=key, base_url=base), INSTRUCTIONS, tools=[calculator])

    async def converse(task: str) -> str:
        return str((await made.run(task)).text)

    return converse


PEER = Peer(
    "agent-framework",
    in_memory if present("agent_framework") else None,
    agent=agent if present("agent_framework") and present("agent_framework_openai") else None,
)
