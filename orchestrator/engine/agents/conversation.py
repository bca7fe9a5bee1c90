"""What has been said between an agent and whoever gives it work."""

from dataclasses import dataclass

from orchestrator.engine.effects.model import FilePart, Message, Part, Role, ToolRequest, text_parts


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in the order in which they were said, without any agent's instructions: an agent
    says its own before each model call.

    Taking a message in gives another conversation, so several agents can go on from the same one.
    """

    messages: tuple[Message, ...] = ()

    def and_then(self, *messages: Message) -> "Conversation":
        return Conversation((*self.messages, *messages))

    def asked(self, text: str, files: tuple[FilePart, ...] = ()) -> "Conversation":
        """Somebody gives the agent work, with the files to look at, or tells it what was wrong with its answer."""
        return self.and_then(Message(role=Role.USER, content=(*text_parts(text), *files)))


def said_by(person: str, text: str) -> str:
    """What somebody says to an agent in the middle of its work, as it reads it."""
    return f"{person or 'A person'} says to you while you work: {text}"


def told(request: ToolRequest, content: tuple[Part, ...]) -> Message:
    """What a model gets back for a tool that it asked for."""
    return Message(role=Role.TOOL, content=content, tool_request_id=request.id, name=request.name)
