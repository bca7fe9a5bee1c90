"""An agent at work, turn by turn: ask the model, perform what it asks for, until it has an answer.

An ordinary short loop; it is durable because everything it does to the world is an effect. All ways of
planning are made of such conversations, and share what the agent may spend.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from orchestrator.engine.agents.answer import Answer, BadReply, ModelRefused
from orchestrator.engine.agents.conversation import Conversation, said_by, told
from orchestrator.engine.agents.memory.window import Window
from orchestrator.engine.agents.offered_tool import OfferedTool
from orchestrator.engine.agents.reading import TRUNCATED, Reading, read_answer
from orchestrator.engine.agents.repetition import Repetition
from orchestrator.engine.agents.spending import Spending
from orchestrator.engine.agents.tool_requests import Checked, check_turn
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.effects.human import HumanAnswer, HumanRequest
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Part, Role, ToolRequest, text_parts
from orchestrator.engine.execution.branches import time_limit
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log import events as ev

_SHOWN: Final = 300
T = TypeVar("T")
Schema = dict[str, Json] | None


class Turns:
    """One line of an agent's work. Whatever path of the log it stands at is its own: one conversation after another, never two at once.

    `reminded` is told before each of them, with the instructions.
    """

    def __init__(
        self,
        ctx: NodeContext,
        agent_id: str,
        agent: Agent,
        opening: str,
        tools: Mapping[str, OfferedTool],
        spending: Spending,
        reminded: tuple[Message, ...] = (),
    ) -> None:
        self.agent = agent
        self.tools = tools
        self.spending = spending
        self._ctx = ctx
        self._agent_id = agent_id
        self._opening = opening
        self._reminded = reminded
        self._turn = 0

    def at(self, label: str) -> "Turns":
        """The same agent at a place of its own in the log."""
        return self._with(self._ctx.child(label, self._ctx.branch), self.spending)

    def instructed(self, more: str) -> "Turns":
        """The same agent, told something more with its instructions."""
        opening = f"{self._opening}\n\n{more}" if self._opening else more
        return Turns(self._ctx, self._agent_id, self.agent, opening, self.tools, self.spending, self._reminded)

    async def side_by_side(self, works: Sequence[Callable[["Turns"], Awaitable[T]]], label: str) -> list[T]:
        """Several lines of work at once. Each knows what had been spent when they began, so that timing decides nothing."""
        before = replace(self.spending)
        lines: list[Spending] = [replace(before) for _ in works]

        async def one(work: Callable[["Turns"], Awaitable[T]], spending: Spending, ctx: NodeContext) -> T:
            return await work(self._with(ctx, spending))

        begun = [partial(one, work, spending) for work, spending in zip(works, lines, strict=True)]
        results = await self._ctx.gather(begun, [f"{label}.{index}" for index in range(1, len(works) + 1)])
        for line in lines:
            self.spending.add(line, before)
        return results

    async def converse(self, conversation: Conversation, schema: Schema, *, tools: Mapping[str, OfferedTool] | None = None) -> Answer:
        """Go on with a conversation until there is an answer: text, or data that fits the schema.

        `tools` in place of the agent's own. Raises LimitExceeded, BadReply, ModelRefused, ModelError.
        """
        offered = self.tools if tools is None else tools
        circles, begun, heard = Repetition(), "", 0
        window = Window(self._agent_id, self.agent, conversation, self.spending.call)
        while True:
            for message in self._ctx.hear(self._agent_id, heard):
                conversation, heard = conversation.asked(said_by(message.by, message.text)), message.seq
            reply = await self._ask(window, conversation, offered, schema)
            if reply.message.tool_requests and reply.finish != "length":
                begun = ""
                results = await self._use_tools(reply.message.tool_requests, offered, circles)
                conversation = conversation.and_then(reply.message, *results)
                continue
            conversation = conversation.and_then(*_said(reply.message))
            begun += reply.message.text
            if reply.finish == "paused":
                continue
            reading = TRUNCATED if reply.finish == "length" else await read_answer(self._ctx.fault, begun, schema)
            begun = ""
            if not reading.fault:
                return Answer(reading.value, conversation)
            conversation = conversation.asked(self._corrected(reading))

    async def asked_of_people(self, request: HumanRequest) -> tuple[HumanAnswer, str]:
        """Ask a person and wait, however long. The answer, and the name of who gave it."""
        return await self._ctx.asked(request)

    def note(self, make: Callable[[Path, str], ev.Note]) -> None:
        """Record what the agent found. `make` takes a path and the agent's id."""
        self.note_at(self._ctx, make)

    def note_at(self, ctx: NodeContext, make: Callable[[Path, str], ev.Note]) -> None:
        """The same, beside what is done in another context."""
        ctx.note(lambda path: make(path, self._agent_id))

    def decide(self, what: str, chosen: str, why: str) -> None:
        self._ctx.decide(what, chosen, why)

    def time_limit(self) -> AbstractAsyncContextManager[None]:
        """As long as the agent may work. Raises TimeoutError at its end."""
        return time_limit(self._ctx.branch, self.agent.limits.max_seconds)

    @property
    def path(self) -> Path:
        return self._ctx.path

    def _with(self, ctx: NodeContext, spending: Spending) -> "Turns":
        return Turns(ctx, self._agent_id, self.agent, self._opening, self.tools, spending, self._reminded)

    async def _ask(self, window: Window, conversation: Conversation, tools: Mapping[str, OfferedTool], schema: Schema) -> ModelReply:
        agent = self.agent
        self.spending.require(agent)
        opening = (Message(role=Role.SYSTEM, content=text_parts(self._opening)),) if self._opening else ()
        request = ModelRequest(
            model=agent.model,
            messages=await window.sent(self._ctx, (*opening, *self._reminded), conversation),
            tools=tuple(tool.spec for tool in tools.values()),
            output_schema=schema,
            temperature=agent.temperature,
            max_output_tokens=agent.max_output_tokens,
            timeout_s=agent.limits.max_call_seconds,
        )
        reply = await self._ctx.ask_model(request, self._agent_id)
        self.spending.call(reply.usage)
        if reply.finish in ("refused", "filtered"):
            raise ModelRefused(_refusal_of(reply))
        return reply

    async def _use_tools(
        self, requests: tuple[ToolRequest, ...], tools: Mapping[str, OfferedTool], circles: Repetition
    ) -> tuple[Message, ...]:
        """Perform all requests of a turn at once. What the model is told, in the order of its requests."""
        self._turn += 1
        checked = await check_turn(self._ctx.fault, requests, tools, self.agent.limits.max_tool_calls_per_turn, circles)
        bad = next((one for one in checked if one.fault), None)
        if bad is not None:
            self._corrected(Reading(what=bad.what, fault=bad.fault))
        good = [one for one in checked if not one.fault]
        labels = [f"turn.{self._turn}.call.{index}" for index in range(len(good))]
        results = iter(await self._ctx.gather([one.perform for one in good], labels))
        return tuple(self._told(one, circles, iter(()) if one.fault else results) for one in checked)

    @staticmethod
    def _told(one: Checked, circles: Repetition, results: Iterator[tuple[Part, ...]]) -> Message:
        if one.fault:
            return told(one.request, text_parts(f"Error: {one.fault}"))
        message = told(one.request, next(results))
        circles.note(one.request.name, one.arguments, message)
        return message

    def _corrected(self, reading: Reading) -> str:
        """Spend one correction on an answer; what the model is told. Raises BadReply when none is left."""
        left = self.agent.limits.max_repairs - self.spending.repairs
        if left <= 0:
            raise BadReply(f"{self.agent.name}: {reading.fault}", cure=reading.cure)
        self.spending.repairs += 1
        self.note(lambda path, agent: ev.Correction(path=path, agent=agent, what=reading.what, fault=reading.fault, left=left - 1))
        return reading.advice


def _said(message: Message) -> tuple[Message, ...]:
    """What a model said without asking for tools, where it said anything: providers refuse empty messages."""
    spoken = message.model_copy(update={"tool_requests": ()}) if message.tool_requests else message
    return (spoken,) if spoken.content or spoken.reasoning else ()


def _refusal_of(reply: ModelReply) -> str:
    said = f": {reply.message.text[:_SHOWN]}" if reply.message.text else ""
    if reply.finish == "filtered":
        return f"The answer of {reply.model} was withheld by the provider's filter{said}"
    return f"{reply.model} refused to answer{said}"
