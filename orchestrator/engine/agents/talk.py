"""A conversation as a value of a run: what one agent hands to the next, or keeps in shared state."""

from pydantic import ValidationError

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.effects.model import Message, Role, text_parts
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json


def talk_json(conversation: Conversation) -> Json:
    """The messages as JSON: each with `role` and `text`, and whatever else is needed to go on from it."""
    return [_message_json(message) for message in conversation.messages]


def read_talk(value: Json) -> Conversation:
    """The conversation that a value tells: messages as `talk_json` writes them, or plain texts of a person.

    Raises EngineError for what is no conversation.
    """
    if value is None or value == "":
        return Conversation()
    entries = value if isinstance(value, list) else [value]
    return Conversation(tuple(_message(entry, number) for number, entry in enumerate(entries, 1)))


def _message_json(message: Message) -> Json:
    data: dict[str, Json] = message.model_dump(mode="json", exclude_defaults=True, exclude={"content"})
    if any(part.type != "text" for part in message.content):
        return {**data, "parts": [part.model_dump(mode="json") for part in message.content]}
    return {**data, "text": message.text}


def _message(entry: Json, number: int) -> Message:
    if isinstance(entry, str):
        return Message(role=Role.USER, content=text_parts(entry))
    if not isinstance(entry, dict):
        raise _no_message(number, f"got {type(entry).__name__}")
    text, parts = entry.get("text", ""), entry.get("parts")
    if not isinstance(text, str):
        raise _no_message(number, "its text is no text")
    content: Json = parts if parts is not None else [part.model_dump(mode="json") for part in text_parts(text)]
    rest = {name: value for name, value in entry.items() if name not in ("text", "parts")}
    try:
        message = Message.model_validate({"role": "user", **rest, "content": content})
    except ValidationError as error:
        fault = error.errors()[0]
        raise _no_message(number, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    if message.role is Role.SYSTEM:
        raise _no_message(number, "its role is system, which only an agent's own instructions have")
    return message


def _no_message(number: int, why: str) -> EngineError:
    return EngineError(
        f"Message {number} of the conversation cannot be read: {why}",
        code=ErrorCode.INVALID_INPUT,
        cure='Give a list of messages such as {"role": "user", "text": "Hello"}, or of texts.',
    )
