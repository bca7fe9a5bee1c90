"""A local server that speaks the OpenAI wire protocol and misbehaves on demand."""

from tests.model_server.reply import Reply, ToolWish
from tests.model_server.server import ModelServer, Recorded, SinkEntry

__all__ = ["ModelServer", "Recorded", "Reply", "SinkEntry", "ToolWish"]
