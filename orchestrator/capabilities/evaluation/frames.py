"""Messages over a pipe: the length in 8 bytes, little end first, then JSON as UTF-8."""

import json
from typing import IO, Final

from orchestrator.engine.ids import Json

HEAD_BYTES: Final = 8


def framed(message: Json) -> bytes:
    body = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()
    return len(body).to_bytes(HEAD_BYTES, "little") + body


def next_message(stream: IO[bytes]) -> Json:
    """Raises EOFError when the other side is gone."""
    head = stream.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        raise EOFError
    body = stream.read(int.from_bytes(head, "little"))
    message: Json = json.loads(body)
    return message
