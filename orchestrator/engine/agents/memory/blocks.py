"""A conversation in pieces that stay whole: a tool call and its results are one."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.engine.effects.model import Message, Role


@dataclass(frozen=True, slots=True)
class Block:
    """Messages from `start` on, counted from 0, that are sent together or not at all."""

    start: int
    messages: tuple[Message, ...]

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + len(self.messages)


def blocks_of(messages: Sequence[Message]) -> list[Block]:
    """All messages, in order, each in one block. A result without its call stays with what came before it."""
    found: list[Block] = []
    start = 0
    for index in range(1, len(messages) + 1):
        if index == len(messages) or messages[index].role is not Role.TOOL:
            found.append(Block(start, tuple(messages[start:index])))
            start = index
    return found


def task_of(messages: Sequence[Message]) -> int:
    """Which message the work is about: the last that somebody said to the agent, else the first of all."""
    asked = [index for index, message in enumerate(messages) if message.role is Role.USER]
    return asked[-1] if asked else 0


def task_text(messages: Sequence[Message]) -> str:
    """What the work is about, in words."""
    return messages[task_of(messages)].text if messages else ""
