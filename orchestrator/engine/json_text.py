"""JSON of the world outside, made storable: one rule for what the formats and databases do not all take.

Python takes NaN, Infinity, numbers without end, halves of surrogate pairs and the character NUL for JSON;
browsers and databases do not. The rule:

- Whoever can be told is refused: `read_json`, for run inputs, answers, arguments and whatever else a
  person or a program sends that can send it again.
- What cannot be asked for again is kept, as near as can be: `clean_json`, for the results of tools and the
  replies of models. Not a number, and beyond all numbers, becomes null; half a surrogate pair and NUL become U+FFFD.

Both give plain JSON values that can be written as UTF-8 and read everywhere.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

from orchestrator.engine.ids import Json

REPLACEMENT = "\ufffd"
MAX_DEPTH = 200
"""How deep values may stand inside each other; deeper ones cannot be walked through safely."""

MOST_VALUES = 200_000
"""How many texts, numbers, lists and so on one value may hold where it enters a run: each costs time at every step that it goes through."""

_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_BEYOND = 1 << 1024
"""Whole numbers from here on are beyond every other number format."""


class NotJson(ValueError):
    """A text is not JSON that can be stored."""


def read_json(text: str | bytes) -> Json:
    """The value of a JSON text. Raises NotJson, saying what was found, for everything that is not storable JSON."""
    try:
        plain = text if isinstance(text, str) else text.decode("utf-8")
        value: Json = json.loads(plain, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded)
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotJson("it is nested too deep") from None
    if "\\u" in plain or _UNSTORABLE.search(plain):
        _require_storable(value)
    return value


def clean_json(value: object) -> Json:
    """`value` as storable JSON, by the rule of this module. Raises NotJson for what has no form in JSON."""
    return _clean(value, 0)


def clean_text(text: str) -> str:
    """`text` without halves of surrogate pairs and without NUL."""
    return _UNSTORABLE.sub(REPLACEMENT, text) if _UNSTORABLE.search(text) else text


def holds_too_many(value: Json, most: int = MOST_VALUES) -> bool:
    """Whether a value holds more than so many, itself included. Without recursion, and without looking at all of them then."""
    count, open_values = 1, [value]
    while open_values:
        found = open_values.pop()
        if isinstance(found, list | dict):
            count += len(found)
            if count > most:
                return True
            open_values += found if isinstance(found, list) else found.values()
    return False


def is_deeper(value: Json, most: int = MAX_DEPTH) -> bool:
    """Whether lists and objects stand deeper inside each other. Without recursion."""
    level = [value]
    for _ in range(most):
        level = [part for found in level for part in _parts(found)]
        if not level:
            return False
    return any(isinstance(found, list | dict) for found in level)


def _parts(value: Json) -> Iterable[Json]:
    return value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()


def _clean(value: object, depth: int) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(str(value))
    if isinstance(value, int):
        return int(value) if -_BEYOND < value < _BEYOND else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        raise NotJson(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, list | tuple):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {clean_text(key if isinstance(key, str) else str(key)): _clean(item, depth + 1) for key, item in value.items()}
    raise NotJson(f"{type(value).__name__} has no form in JSON")


def _require_storable(value: Json) -> None:
    """Raises NotJson naming the character that cannot be stored. Without recursion: the text may be nested deep."""
    open_values: list[Json] = [value]
    while open_values:
        found = open_values.pop()
        if isinstance(found, str):
            match = _UNSTORABLE.search(found)
            if match:
                raise NotJson("it holds the character U+0000" if match.group() == "\x00" else "it holds half of a surrogate pair")
        elif isinstance(found, list):
            open_values += found
        elif isinstance(found, dict):
            open_values += [*found, *found.values()]


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson(f"the number {text[:40]} is too large")
    return number


def _bounded(text: str) -> int:
    if len(text) > 310 or abs(int(text)) >= _BEYOND:
        raise NotJson(f"the number {text[:40]} is too large")
    return int(text)
