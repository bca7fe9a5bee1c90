"""A reply put together from whole messages or from the deltas of a stream."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from orchestrator.capabilities.language_models.failures import bad_reply, cut
from orchestrator.capabilities.language_models.pricing import usage_of
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, Usage, text_parts
from orchestrator.engine.json_text import clean_text
from orchestrator.engine.ports import Delta

Finish = Literal["stop", "tools", "length", "filtered"]

_FINISHES: Final[dict[str, Finish]] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_calls": "tools",
    "function_call": "tools",
    "tool_use": "tools",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filtered",
}
_LONGEST: Final = 8 * 1024 * 1024
"""Characters of one reply."""


@dataclass
class _Wish:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass
class Assembly:
    """Takes deltas as they come; `reply` judges whether they make a complete answer."""

    request: ModelRequest
    on_delta: Delta
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    wishes: list[_Wish] = field(default_factory=list)
    finish: str | None = None
    usage: object = None
    model: str = ""
    size: int = 0
    _by_index: dict[int, _Wish] = field(default_factory=dict)

    def take(self, chunk: dict[str, Any]) -> None:
        """One chunk of a stream, or one whole completion. Raises ModelError for what has another shape."""
        try:
            self._take(chunk)
        except (AttributeError, TypeError) as error:
            raise bad_reply(self.request.model, "JSON of an unknown shape") from error

    def _take(self, chunk: dict[str, Any]) -> None:
        self.model = _text(chunk.get("model")) or self.model
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                self._delta(choice.get("delta") or choice.get("message") or {})
                self.finish = _text(choice.get("finish_reason")) or self.finish

    def _delta(self, delta: dict[str, Any]) -> None:
        content = _text(delta.get("content"))
        if content:
            self.text.append(content)
            self.size += len(content)
            self.on_delta(content)
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            self.reasoning.append(clean_text(thought))
            self.size += len(thought)
        for position, call in enumerate(delta.get("tool_calls") or ()):
            self._wish(call, position)
        if self.size > _LONGEST:
            raise bad_reply(self.request.model, f"more than {_LONGEST} characters")

    def _wish(self, call: dict[str, Any], position: int) -> None:
        index = call.get("index")
        index = position if index is None else index
        function = call.get("function") or {}
        wish = self._by_index.get(index)
        # Some servers number every parallel call 0: a new id with a name is a new call.
        if wish is None or (call.get("id") and wish.id and call["id"] != wish.id and function.get("name")):
            wish = _Wish()
            self._by_index[index] = wish
            self.wishes.append(wish)
        wish.id = wish.id or _text(call.get("id"))
        wish.name = wish.name or _text(function.get("name"))
        arguments = _text(function.get("arguments"))
        self.size += len(arguments)
        wish.arguments.append(arguments)

    def reply(self) -> ModelReply:
        """The complete answer. A missing end is an error, never a guess."""
        name = self.request.model
        if self.finish is None:
            raise cut(name)
        finish = _FINISHES.get(self.finish)
        if finish is None:
            raise bad_reply(name, f"an unknown end, {self.finish[:40]!r}")
        wishes = self._wishes()
        if finish == "stop" and wishes:
            finish = "tools"
        if finish == "tools" and not wishes:
            raise bad_reply(name, "the announcement of a tool call but no call")
        message = self._message(wishes)
        return ModelReply(
            message=message, model=self.model or name, finish=finish, usage=usage_of(self.request, message, self.usage, self.model)
        )

    def spent(self) -> Usage | None:
        """What was used although there is no answer: None when the provider had not begun to answer."""
        if not self.size and not self.usage:
            return None
        return usage_of(self.request, self._message(self._wishes()), self.usage, self.model)

    def _wishes(self) -> tuple[ToolRequest, ...]:
        return tuple(
            ToolRequest(id=wish.id or f"call-{number}", name=wish.name, arguments="".join(wish.arguments) or "{}")
            for number, wish in enumerate(self.wishes, start=1)
        )

    def _message(self, wishes: tuple[ToolRequest, ...]) -> Message:
        said = text_parts("".join(self.text))
        return Message(role=Role.ASSISTANT, content=said, reasoning="".join(self.reasoning), tool_requests=wishes)


def _text(value: object) -> str:
    """A text that a provider may leave out, as it can be stored. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return clean_text(value or "")
