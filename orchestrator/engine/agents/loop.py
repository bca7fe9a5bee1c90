"""An agent at work: ask the model, perform what it asks for, until it has an answer.

An ordinary short loop; it is durable because everything it does to the world is an effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.agents.conversation import Conversation, told
from orchestrator.engine.agents.offered_tool import OfferedTool, tools_of
from orchestrator.engine.agents.reading import read_answer
from orchestrator.engine.agents.tool_requests import Checked, check, turn_fault
from orchestrator.engine.document.agent import Agent
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.errors import EngineError, ErrorCode, LimitExceeded
from orchestrator.engine.execution.branches import time_limit
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json

_SHOWN: Final = 300


class BadReply(EngineError):
    """The model's answer could not be used, and correcting it did not help."""

    code = ErrorCode.MODEL_BAD_REPLY


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent answered, and the conversation up to it."""

    value: Json
    conversation: Conversation


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
    Raises LimitExceeded when the agent's limits end first, BadReply, ModelError.
    """
    agent = ctx.agent(agent_id)
    tools = {**tools_of(ctx, agent_id, agent), **{tool.spec.name: tool for tool in more_tools}}
    instructions = text_parts(await ctx.render(agent.instructions)) if agent.instructions else ()
    opening = (Message(role=Role.SYSTEM, content=instructions),) if agent.instructions else ()
    loop = _Loop(ctx, agent_id, agent, opening, tools, agent.output_schema if answers_in is None else answers_in)
    try:
        async with time_limit(ctx.branch, agent.limits.max_seconds):
            return await loop.run(conversation)
    except TimeoutError:
        raise LimitExceeded(
            f"Agent {agent.name!r} worked longer than {agent.limits.max_seconds:g} s", cure="Raise its max_seconds, or give it less to do."
        ) from None


class _Loop:
    """One agent on one conversation: what it may use, and what it may still spend."""

    def __init__(
        self,
        ctx: NodeContext,
        agent_id: str,
        agent: Agent,
        opening: tuple[Message, ...],
        tools: Mapping[str, OfferedTool],
        schema: dict[str, Json] | None,
    ) -> None:
        self._ctx = ctx
        self._agent_id = agent_id
        self._agent = agent
        self._opening = opening
        self._tools = tools
        self._schema = schema
        self._repairs_left = agent.limits.max_repairs
        self._tokens = 0

    async def run(self, conversation: Conversation) -> Answer:
        most = self._agent.limits.max_iterations
        begun = ""
        for turn in range(1, most + 1):
            reply = await self._ask(conversation)
            conversation = conversation.and_then(reply.message)
            if reply.message.tool_requests:
                begun = ""
                conversation = conversation.and_then(*await self._use_tools(turn, reply.message.tool_requests))
                continue
            begun += reply.message.text
            if reply.finish == "paused":
                continue
            reading = await read_answer(self._ctx.fault, begun, self._schema)
            begun = ""
            if not reading.fault:
                return Answer(reading.value, conversation)
            self._repair(reading.fault)
            conversation = conversation.asked(reading.advice)
        raise LimitExceeded(
            f"Agent {self._agent.name!r} made {most} model calls without an answer",
            cure="Raise its max_iterations, or make its instructions say when to stop.",
        )

    async def _ask(self, conversation: Conversation) -> ModelReply:
        agent = self._agent
        if self._tokens >= agent.limits.max_tokens:
            raise LimitExceeded(f"Agent {agent.name!r} used {self._tokens} tokens, its limit", cure="Raise its max_tokens.")
        request = ModelRequest(
            model=agent.model,
            messages=(*self._opening, *conversation.messages),
            tools=tuple(tool.spec for tool in self._tools.values()),
            output_schema=self._schema,
            temperature=agent.temperature,
            max_output_tokens=agent.max_output_tokens,
            timeout_s=agent.limits.max_call_seconds,
        )
        reply = await self._ctx.ask_model(request, self._agent_id)
        self._tokens += reply.usage.input_tokens + reply.usage.output_tokens
        fault = _fault_of(reply)
        if fault:
            raise BadReply(fault, cure="Raise max_output_tokens, or change what is asked.")
        return reply

    async def _use_tools(self, turn: int, requests: tuple[ToolRequest, ...]) -> list[Message]:
        """Perform all requests of a turn at once. What the model is told, in the order of its requests."""
        fault = turn_fault(requests, self._agent.limits.max_tool_calls_per_turn)
        if fault:
            checked = [Checked(request, fault=fault) for request in requests]
        else:
            checked = [await check(self._ctx.fault, request, self._tools) for request in requests]
        bad = [one.fault for one in checked if one.fault]
        if bad:
            self._repair(bad[0])
        good = [one for one in checked if not one.fault]
        results = iter(await self._ctx.gather([one.perform for one in good], [f"turn.{turn}.call.{index}" for index in range(len(good))]))
        return [told(one.request, text_parts(f"Error: {one.fault}") if one.fault else next(results)) for one in checked]

    def _repair(self, fault: str) -> None:
        """Spend one correction. Raises BadReply when none is left."""
        if self._repairs_left <= 0:
            raise BadReply(f"{self._agent.name}: {fault}", cure="Use a model that follows schemas, or raise max_repairs.")
        self._repairs_left -= 1


def _fault_of(reply: ModelReply) -> str:
    """Why the reply is no answer that can be gone on with; empty when it is one."""
    said = f": {reply.message.text[:_SHOWN]}" if reply.message.text else ""
    match reply.finish:
        case "length":
            return f"The answer of {reply.model} was cut at the output limit"
        case "filtered":
            return f"The answer of {reply.model} was withheld by the provider's filter"
        case "refused":
            return f"{reply.model} refused to answer{said}"
        case _:
            return ""
