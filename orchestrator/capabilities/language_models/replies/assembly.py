"""A reply put together from whole messages or from the deltas of a stream."""

from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.capabilities.language_models.failures import bad_reply, cut
from orchestrator.capabilities.language_models.pricing import usage_of
from orchestrator.capabilities.language_models.replies.finish import broke_off, finish_of
from orchestrator.capabilities.language_models.replies.text import Characters, Kind, mended, pieces
from orchestrator.capabilities.language_models.replies.thinking import Thinking, thought_apart
from orchestrator.capabilities.language_models.replies.tool_wishes import OLD_WAY, ToolWishes
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, Usage, text_parts
from orchestrator.engine.ports import Delta

_LONGEST: Final = 8 * 1024 * 1024
"""Characters of one reply."""
_REASONING: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
"""Fields in which servers give what the model thought; where several are there they say the same."""


@dataclass
class Assembly:
    """Takes deltas as they come; `reply` judges whether they make a complete answer."""

    request: ModelRequest
    on_delta: Delta
    usage: object = None
    model: str = ""
    size: int = 0
    ended: bool = False
    """The server said that this is all of its answer, though perhaps not why."""
    _finish: str | None = None
    _said: dict[Kind, list[str]] = field(default_factory=lambda: {"text": [], "reasoning": [], "refusal": []})
    wishes: ToolWishes = field(default_factory=ToolWishes)
    _characters: Characters = field(default_factory=Characters)
    _thinking: Thinking = field(default_factory=Thinking)

    @property
    def complete(self) -> bool:
        """Whether the end of the answer has come."""
        return self.ended or self._finish is not None

    def take(self, chunk: dict[str, Any]) -> None:
        """One chunk of a stream, or one whole completion. Raises ModelError for what has another shape."""
        try:
            self._take(chunk)
        except (AttributeError, TypeError) as error:
            raise bad_reply(self.request.model, "JSON of an unknown shape", may_pass=False) from error

    def _take(self, chunk: dict[str, Any]) -> None:
        model = chunk.get("model")
        self.model = mended(model) if model and isinstance(model, str) else self.model
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            if (choice.get("index") or 0) in (0, "0"):
                self._message(choice.get("delta") or choice.get("message") or {})
                word = choice.get("finish_reason")
                self._finish = self._finish if word is None or word == "" else mended(str(word))

    def _message(self, message: dict[str, Any]) -> None:
        reasoning = next((message[name] for name in _REASONING if message.get(name)), None)
        for kind, text in (*pieces(reasoning, "reasoning"), *pieces(message.get("content")), *pieces(message.get("refusal"), "refusal")):
            self.size += len(text)
            if kind == "text":
                self._speech(*self._thinking.take(self._characters.take(text)))
            else:
                self._said[kind].append(text)
        for position, call in enumerate(message.get("tool_calls") or ()):
            self.size += self.wishes.take(call, position)
        if message.get(OLD_WAY):
            self.size += self.wishes.take({"function": message[OLD_WAY]}, OLD_WAY)
        if self.size > _LONGEST:
            raise bad_reply(self.request.model, f"more than {_LONGEST} characters", may_pass=False)

    def _speech(self, thought: str, said: str) -> None:
        if thought:
            self._said["reasoning"].append(thought)
        if said:
            self._said["text"].append(said)
            self.on_delta(said)

    def reply(self) -> ModelReply:
        """The complete answer. A missing end is an error, never a guess."""
        name = self.request.model
        if not self.complete:
            raise cut(name)
        if broke_off(self._finish or ""):
            raise cut(name, self._finish or "")
        self._flush()
        wishes = self.wishes.requests()
        if not wishes and not self.size and not self._finish:
            raise bad_reply(name, "neither text nor an end")
        finish = finish_of(self._finish or "stop", model=name)
        if finish == "stop" and wishes:
            finish = "tools"
        if finish == "tools" and not wishes:
            raise bad_reply(name, "the announcement of a tool call but no call")
        if finish == "stop" and self._said["refusal"]:
            finish = "refused"
        message = self._whole(wishes)
        return ModelReply(
            message=message, model=self.model or name, finish=finish, usage=usage_of(self.request, message, self.usage, self.model)
        )

    def spent(self) -> Usage | None:
        """What was used although there is no answer: None when the provider had not begun to answer."""
        if not self.size and not self.usage:
            return None
        return usage_of(self.request, self._whole(self.wishes.requests()), self.usage, self.model)

    def _flush(self) -> None:
        self._speech(*self._thinking.take(self._characters.rest()))
        self._speech(*self._thinking.rest())

    def _whole(self, wishes: tuple[ToolRequest, ...]) -> Message:
        thought, said = thought_apart("".join(self._said["text"]))
        reasoning = mended("".join((*self._said["reasoning"], thought)))
        said = said or mended("".join(self._said["refusal"]))
        return Message(role=Role.ASSISTANT, content=text_parts(said), reasoning=reasoning, tool_requests=wishes)
