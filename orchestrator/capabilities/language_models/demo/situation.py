"""What a request says, taken apart: instructions, the task, and what tools have answered."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from orchestrator.capabilities.language_models.demo.terms import LONGEST, sections, terms
from orchestrator.engine.effects.model import Message, ModelRequest, Role

_LINE = re.compile(r"^[ \t]*(?:[-*] )?\"?([A-Za-z][\w -]{0,30}?)\"?[ \t]*[:=][ \t]+(\S[^\n]*?)[ \t]*$", re.MULTILINE)
_PAIR = re.compile(r"\"([A-Za-z]\w{0,40})\"\s*:\s*(?:\"((?:[^\"\\]|\\.){0,400})\"|(-?\d+(?:\.\d+)?))")
_WHERE = re.compile(r"\bwhere (?:the )?(\w[\w ]{0,30}?) (?:is|equals|=) (?:\"([^\"\n]{1,80})\"|([\w-]{1,80}))")
"""A condition, as in: the rows where the category is travel."""
_ID = re.compile(r"\b[A-Z]{1,6}-?\d{2,}[A-Z0-9-]*\b")


_TOLD = re.compile(r"^.{1,200}? says to you while you work: ")
"""How a message begins that a person sent to an agent at work."""
_REMINDED = re.compile(r"[^\n]{1,300}\n<memories>\n(.*)\n</memories>", re.DOTALL)
"""What an agent is reminded of before it is given its task."""
_NOTED = re.compile(r"^(?:Asked|Answered): ", re.MULTILINE)
_REPAIR = "Your answer "
"""How a request to correct an answer begins; the task is what was asked before."""


def key(name: str) -> str:
    """`Order ID`, `orderId` and `order_id` are one key."""
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())).lower()


def facts(text: str) -> dict[str, str]:
    """`name: value` lines, JSON pairs and conditions of a text; the first of a name counts."""
    found: dict[str, str] = {}
    for name, quoted, number in _PAIR.findall(text[:LONGEST]):
        found.setdefault(key(name), quoted or number)
    for name, value in _LINE.findall(text[:LONGEST]):
        found.setdefault(key(name), value.strip().strip('",'))
    for name, quoted, word in _WHERE.findall(text[:LONGEST]):
        found.setdefault(key(name), quoted or word)
    return {name: value for name, value in found.items() if value}


def condition(text: str) -> tuple[str, str] | None:
    """(field, value) of a text such as: the rows where the category is travel."""
    found = _WHERE.search(text)
    return (key(found[1]), found[2] or found[3]) if found else None


def identifiers(text: str) -> list[str]:
    """Things that look like C-1042 or ORD20417."""
    return list(dict.fromkeys(_ID.findall(text[:LONGEST])))


@dataclass(frozen=True)
class ToolResult:
    tool: str
    text: str

    @cached_property
    def value(self) -> Any:
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # the latter of brackets that are thousands deep
            return self.text

    @property
    def failed(self) -> bool:
        return self.text.startswith("Error:") or (isinstance(self.value, dict) and "error" in self.value)


@dataclass(frozen=True)
class Situation:
    """`task` is what the user said last; `earlier` what was said before it; `told` what people said while it was worked on."""

    instructions: str
    task: str
    earlier: str = ""
    results: tuple[ToolResult, ...] = ()
    requests_before: int = 0
    called: frozenset[str] = field(default=frozenset())
    told: str = ""
    found: str = ""
    """What earlier steps of a plan found."""
    remembered: tuple[str, ...] = ()
    settled: bool = False
    """All that tools can find was found."""

    @cached_property
    def facts(self) -> dict[str, str]:
        return facts(self.earlier) | facts(self.task)

    @cached_property
    def sections(self) -> dict[str, str]:
        return sections(self.task)

    @cached_property
    def wanted(self) -> set[str]:
        """The terms of the task; of the instructions when the task says next to nothing."""
        return terms(self.task) or terms(self.instructions)

    @cached_property
    def rows(self) -> list[dict[str, Any]] | None:
        """The objects of the JSON lists that the task consists of or has in its sections; None when it has no such list."""
        found = [ToolResult("given", body).value for body in (self.task, *self.sections.values())]
        lists = [rows for rows in found if isinstance(rows, list) and all(isinstance(row, dict) for row in rows)]
        return [row for rows in lists for row in rows] if lists else None

    def part(self, name: str) -> str | None:
        """The section that the words of `name` point at."""
        pointed = terms(name.replace("_", " "))
        for title, body in self.sections.items():
            if terms(title.replace("_", " ")) & pointed:
                return body
        return None


def situation(request: ModelRequest) -> Situation:
    """Take the messages apart."""
    system = "\n".join(message.text for message in request.messages if message.role is Role.SYSTEM)
    talk = [message for message in request.messages if message.role is not Role.SYSTEM]
    told = [message for message in talk if message.role is Role.USER and _TOLD.match(message.text)]
    reminded = [message for message in talk if message.role is Role.USER and _REMINDED.fullmatch(message.text)]
    aside = [*told, *reminded]
    asked = [message for message in talk if message.role is Role.USER and message not in aside and not message.text.startswith(_REPAIR)]
    last = max((index for index, message in enumerate(talk) if message in asked), default=-1)
    since = talk[last + 1 :]
    earlier = "\n".join(message.text for message in talk[: max(last, 0)] if message.role is Role.USER and message not in aside)
    return Situation(
        instructions=system,
        task=talk[last].text if last >= 0 else "",
        earlier=earlier,
        results=tuple(_results(since)),
        requests_before=sum(len(message.tool_requests) for message in talk),
        told="\n".join(_TOLD.sub("", message.text) for message in told),
        remembered=tuple(text for message in reminded for text in _memories(message.text)),
        called=frozenset(wish.name for message in since for wish in message.tool_requests),
    )


def _memories(text: str) -> Iterator[str]:
    found = _REMINDED.fullmatch(text)
    for line in found[1].splitlines() if found else ():
        memory = ToolResult("memory", line).value
        if isinstance(memory, dict):
            yield _NOTED.sub("", str(memory.get("text", "")))


def _results(messages: list[Message]) -> Iterator[ToolResult]:
    names = {wish.id: wish.name for message in messages for wish in message.tool_requests}
    for message in messages:
        if message.role is Role.TOOL:
            yield ToolResult(names.get(message.tool_request_id or "", message.name or ""), message.text)
