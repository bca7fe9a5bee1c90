"""JSON from outside: capped in size and depth before it is parsed; what can be stored is the engine's rule."""

import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from orchestrator.engine.json_text import NotJson as Unreadable
from orchestrator.engine.json_text import read_json
from tenants.problems import ApiProblem, TooLarge

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64

_STRINGS_AND_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotJson(ApiProblem):
    """The body is not JSON."""

    code = "invalid_json"
    cure = "Send one JSON value in UTF-8."


class CappedJsonParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parse_json(stream.read(MAX_BYTES + 1))


def parse_json(body: bytes) -> Any:
    """The value of a JSON text. Raises TooLarge or NotJson, whatever the text is."""
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BYTES // 1024**2} MiB.")
    _refuse_depth(body)
    try:
        return read_json(body)
    except Unreadable as error:
        raise NotJson(f"The body is not JSON: {error}.") from error


def _refuse_depth(body: bytes) -> None:
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(body):
        token = match.group()
        if token in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise NotJson(f"The body is nested deeper than {MAX_DEPTH} levels.", cure="Flatten it.")
        elif token in (b"]", b"}"):
            depth -= 1
