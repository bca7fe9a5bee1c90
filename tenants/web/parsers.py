"""JSON from outside: capped in size and depth before it is parsed, and storable afterwards."""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser

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
        raise TooLarge(f"The body is larger than {MAX_BYTES // 1024**2} MiB.", cure="Send less at once.")
    _refuse_depth(body)
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
        if rb"\u" in body:
            _refuse_unstorable(value)
    except UnicodeDecodeError as error:
        raise NotJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except UnicodeEncodeError as error:
        raise NotJson("The body holds half of a surrogate pair.", cure="Send complete characters.") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except ValueError as error:
        raise NotJson(f"The body is not JSON: {error}.") from error
    return value


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


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _refuse_unstorable(value: Any) -> None:
    """Neither half surrogates nor NUL can be stored in every database."""
    text = json.dumps(value, ensure_ascii=False)
    text.encode("utf-8")
    if r"\u0000" in text.replace(r"\\", ""):
        raise ValueError("it holds the character U+0000, which cannot be stored")
