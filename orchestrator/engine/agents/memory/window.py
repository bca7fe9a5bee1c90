"""What of a conversation the model is sent: all of it, its last messages, or what fits into so many tokens.

The task is always sent, and so is the last block: what the model has just asked for, with its results.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.memory.blocks import Block, blocks_of, task_of
from orchestrator.engine.agents.memory.file_tokens import file_tokens
from orchestrator.engine.agents.memory.summary import as_message, summarise
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.effects.model import Message, Usage
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Path
from orchestrator.engine.log.notes import Summarised

_PER_MESSAGE: Final = 4
"""Tokens that the framing of one message costs, about."""


class Window:
    """The view of one agent on one line of work; whoever works on several lines at once gives each its own.

    `begun` is the conversation as the agent was given it: the last thing said to it there is its task.
    `spend` is told what each summary has cost.
    """

    def __init__(self, agent_id: str, agent: Agent, begun: Conversation, spend: Callable[[Usage], None]) -> None:
        self._spend = spend
        self._agent_id = agent_id
        self._agent = agent
        self._rules = agent.memory.short_term
        self._budget = self._rules.tokens if self._rules.keep == "tokens" else self._rules.messages
        self._task = task_of(begun.messages)
        self._summary = ""
        self._behind: tuple[Message, ...] = ()
        """The first messages, of which only the task is still sent: the others were dropped, or are in the summary."""
        self._tokens: dict[int, tuple[Message, int]] = {}

    async def sent(self, ctx: NodeContext, opening: Sequence[Message], conversation: Conversation) -> tuple[Message, ...]:
        """What the model is sent now: `opening` whole, then what the rules leave of the conversation.

        Raises Refused when the gate forbids the model that summarises.
        """
        messages = conversation.messages
        if self._rules.keep == "all" or not messages:
            return (*opening, *messages)
        if messages[: len(self._behind)] != self._behind:  # another conversation: what was summarised is not of it
            self._behind, self._summary = (), ""
        blocks = blocks_of(messages)
        if self._size(ctx, opening, self._view(blocks, self._summary)) > self._budget:
            await self._make_room(ctx, opening, blocks, messages)
        view = self._view(blocks, self._summary)
        if self._summary and self._size(ctx, opening, view) > self._budget:
            view = self._view(blocks, "")
        return (*opening, *view)

    async def _make_room(self, ctx: NodeContext, opening: Sequence[Message], blocks: list[Block], messages: tuple[Message, ...]) -> None:
        """Put the oldest blocks behind. What is summarised makes more room than is needed: not every turn needs a summary."""
        summarises = self._rules.overflow == "summarise"
        cut = self._cut(ctx, opening, blocks, self._budget // 2 if summarises else self._budget)
        begun = len(self._behind)
        if cut <= begun:
            return
        gone = [message for block in blocks if begun <= block.start < cut and not self._holds_task(block) for message in block.messages]
        self._behind = messages[:cut]
        if summarises and gone:
            await self._summarise(ctx, gone)

    async def _summarise(self, ctx: NodeContext, gone: Sequence[Message]) -> None:
        before = self._count(ctx, gone) + (ctx.count_tokens(self._agent.model, self._summary) if self._summary else 0)
        most = max(64, self._budget // 4) if self._rules.keep == "tokens" else None
        made = await summarise(ctx, self._agent_id, self._agent, self._summary, gone, most)
        self._spend(made.usage)
        if made.fault:
            ctx.decide("summary", "not used", made.fault)
            return
        after = ctx.count_tokens(self._agent.model, made.text)
        if after >= before:
            ctx.decide("summary", "not used", f"It has {after} tokens, and what it was to replace has {before}.")
            return
        ctx.note(lambda path: self._summarised(path, made.text, len(gone), before, after))
        self._summary = made.text

    def _summarised(self, path: Path, text: str, messages: int, before: int, after: int) -> Summarised:
        return Summarised(path=path, agent=self._agent_id, messages=messages, tokens_before=before, tokens_after=after, text=text)

    def _cut(self, ctx: NodeContext, opening: Sequence[Message], blocks: list[Block], room: int) -> int:
        """Where the messages begin that are sent: as many of the last ones as there is room for."""
        cut = blocks[-1].start
        used = self._size(
            ctx, opening, self._view([block for block in blocks if block.start >= cut or self._holds_task(block)], self._summary)
        )
        for block in reversed(blocks[:-1]):
            if block.start < len(self._behind):
                break
            used += 0 if self._holds_task(block) else self._size(ctx, (), block.messages)
            if used > room:
                break
            cut = block.start
        return cut

    def _view(self, blocks: Iterable[Block], summary: str) -> list[Message]:
        """The task where it is behind, the summary, and what is not behind."""
        listed = list(blocks)
        begun = len(self._behind)
        behind = [message for block in listed if block.start < begun and self._holds_task(block) for message in block.messages]
        return [*behind, *as_message(summary), *(message for block in listed if block.start >= begun for message in block.messages)]

    def _holds_task(self, block: Block) -> bool:
        return block.start <= self._task < block.end

    def _size(self, ctx: NodeContext, opening: Sequence[Message], messages: Sequence[Message]) -> int:
        """In what the budget is counted: tokens of everything, or messages of the conversation."""
        return self._count(ctx, [*opening, *messages]) if self._rules.keep == "tokens" else len(messages)

    def _count(self, ctx: NodeContext, messages: Iterable[Message]) -> int:
        return sum(self._tokens_of(ctx, message) for message in messages)

    def _tokens_of(self, ctx: NodeContext, message: Message) -> int:
        known = self._tokens.get(id(message))
        if known is None or known[0] is not message:
            wishes = (f"{wish.name} {wish.arguments}" for wish in message.tool_requests)
            text = "\n".join((message.text, *wishes))
            tokens = ctx.count_tokens(self._agent.model, text) + sum(map(file_tokens, message.files)) + _PER_MESSAGE
            known = self._tokens[id(message)] = (message, tokens)
        return known[1]
