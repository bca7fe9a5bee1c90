"""What a provider says on the wire, read beside LiteLLM.

LiteLLM loses why an answer ended, takes one that broke off for a whole one, counts tokens itself where nobody told
them, makes errors of its own of those that were said, and throws good answers away for a detail.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.capabilities.egress.errors import EgressError
from orchestrator.capabilities.language_models.replies.mending import mended

_KEPT_BYTES: Final = 65_536
"""Of a refusal: as much as is read of it."""
_STATUSES: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}
"""What Anthropic's words for errors are as statuses, for errors that come where the status was 200 already."""


@dataclass
class Overheard:
    """Takes the pieces of one answer as they come, in the forms of OpenAI, Anthropic and Gemini."""

    status: int = 0
    """0: there was no answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str | None = None
    """The provider's own word for the end."""
    ended: bool = False
    """A stream has come to its end, though perhaps without a word for it."""
    counted: bool = False
    """The provider told how many tokens that were."""
    malformed: str = ""
    """What came in place of JSON."""
    error: str = ""
    """An error that came with status 200, as it was said."""
    error_status: int = 500
    failed: EgressError | None = None
    """Why there was no answer, or not all of one."""
    _rest: bytearray = field(default_factory=bytearray)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Status and headers have come."""
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self._rest.clear()

    @property
    def refused(self) -> bool:
        return self.status not in (0, 200, 201)

    @property
    def body(self) -> str:
        """Of a refusal: what was said with it."""
        return bytes(self._rest[:_KEPT_BYTES]).decode("utf-8", "replace")

    def take(self, piece: bytes) -> bytes:
        """What goes on to LiteLLM of what has come: of a stream every event that is complete, of anything else nothing until its end."""
        if self.refused:
            self._rest += piece[: _KEPT_BYTES - len(self._rest)]
            return piece
        self._rest += piece
        if not self._streams or b"\n" not in piece:
            return b""
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        return b"".join(self._line(bytes(line)) + b"\n" for line in lines)

    def end(self) -> bytes:
        """What goes on to LiteLLM when no more comes. A last event of a stream without its line end is not one."""
        if self.refused:
            return b""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest if self._streams else self._hear(rest)

    def fail(self, error: EgressError) -> None:
        """It does not come, or not to its end."""
        self.failed = error

    @property
    def _streams(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    def _line(self, line: bytes) -> bytes:
        data = line[5:].strip() if line.startswith(b"data:") else b""
        if data == b"[DONE]":
            self.ended = True
        elif data:
            return b"data: " + self._hear(data)
        return line

    def _hear(self, data: bytes) -> bytes:
        """The same, as LiteLLM can read it."""
        try:
            said = json.loads(data)
        except (ValueError, RecursionError):
            self.malformed = "an HTML page" if data.lstrip()[:1] == b"<" else "malformed JSON"
            return data
        if not isinstance(said, dict):
            return data
        self._error(said.get("error"), said)
        self.ended = self.ended or said.get("type") == "message_stop"
        self.counted = self.counted or any(_counts(part) for part in (said, _object(said, "message")))
        self.finish = _word(said) or self.finish
        try:
            return json.dumps(mended(said)).encode()
        except RecursionError:
            return data

    def _error(self, error: object, said: dict[str, Any]) -> None:
        if not error:
            return
        self.error = json.dumps(said)
        if isinstance(error, dict):
            code = str(error.get("code") or "")
            status = int(code) if code.isdecimal() and code.isascii() and len(code) == 3 else 500
            self.error_status = _STATUSES.get(str(error.get("type")), status)


def _counts(said: dict[str, Any]) -> bool:
    return bool(_object(said, "usage") or _object(said, "usageMetadata"))


def _word(said: dict[str, Any]) -> str | None:
    """Why the answer ended, if this says so."""
    blocked = _object(said, "promptFeedback").get("blockReason")
    words = (
        _first(said, "choices").get("finish_reason"),
        _first(said, "candidates").get("finishReason"),
        _object(said, "delta").get("stop_reason"),
        said.get("stop_reason"),
        "content_filter" if blocked else None,
    )
    return next((str(word) for word in words if word is not None and word != ""), None)


def _object(said: dict[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _first(said: dict[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, dict) else {}
