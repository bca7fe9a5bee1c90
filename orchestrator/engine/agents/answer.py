"""What an agent's work ends with: an answer, or the reason why there is none."""

from dataclasses import dataclass

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json


class BadReply(EngineError):
    """The model's answer could not be used, and correcting it did not help."""

    code = ErrorCode.MODEL_BAD_REPLY


class ModelRefused(EngineError):
    """The model would not answer."""

    code = ErrorCode.MODEL_REFUSED
    cure = "Give refusals a way out of the node, to another agent or to a person; or change what is asked."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent answered, and the conversation up to it."""

    value: Json
    conversation: Conversation
