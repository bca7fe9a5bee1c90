"""What a model is told of a call that was not made, or failed."""

from orchestrator.engine.effects.model import Part, text_parts
from orchestrator.engine.errors import Refused, Rejected, ToolError


def told_of(error: ToolError | Refused | Rejected) -> tuple[Part, ...]:
    """A text it can go on from. Who refused and why is in the log, and not for the model."""
    if isinstance(error, Refused):
        return text_parts("Error: this call is not permitted. Go on without it.")
    if isinstance(error, Rejected):
        return text_parts(f"Error: {error.info.message}. Go on without it.")
    return text_parts(f"Error: {error.info.message} {error.info.cure}".strip())
