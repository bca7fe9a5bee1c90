"""Big values of events: stored once by their hash, with a preview left in the event.

A part of an event whose JSON text is longer than LIMIT becomes `{"$blob", "size", "preview"}`.
A key `$blob` of a user's own data gets one more `$`, so that it is never taken for one.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Event, RunEvent
from orchestrator.engine.log.upcast import read_event, read_event_text

LIMIT = 16 * 1024
PREVIEW = 400
MARK = "$blob"
HALF = "\\ud"
"""How half a surrogate pair is escaped; pydantic's own parser refuses it."""
_MARKED = re.compile(r"\$+blob$")

_SMALL = {int, float, bool, type(None)}
"""Types of values that are never big."""

Store = Callable[[str, str], None]
"""Takes the hash and the JSON text of a big value."""


def dump(event: Event, store: Store) -> str:
    """The JSON text of `event` for the log; its big parts go to `store`."""
    try:
        text = event.model_dump_json()
    except ValueError:  # a lone surrogate cannot be written as UTF-8; escaped it can
        text = json.dumps(event.model_dump(mode="json"), separators=(",", ":"))
    if len(text) <= LIMIT and MARK not in text:
        return text
    data = json.loads(text)
    _each_part(data, _fields_of(type(event)), lambda part: _shrink(part, store))
    return json.dumps(data, separators=(",", ":"))


def load(payload: str, content: Mapping[str, str]) -> Event:
    """The event that `dump` wrote in this build or an earlier one, with the big values put back from `content`.

    Raises UnknownEvent for what a later build wrote.
    """
    if MARK not in payload and HALF not in payload:
        return read_event_text(payload)
    data = json.loads(payload)
    fields = _fields_by_type().get(data["type"])
    if fields is not None:
        _each_part(data, fields, lambda part: restore(part, content))
    return read_event(data)


def references(payload: str) -> set[str]:
    """The hashes of the big values that an event's text refers to."""
    return set(_references(json.loads(payload))) if MARK in payload else set()


def reference_text(sha256: str) -> str:
    """How an event's text refers to a big value. No data of a user reads like this: its marks and quotes are escaped."""
    return json.dumps({MARK: sha256}, separators=(",", ":"))[1:-1]


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        mark = value.get(MARK)
        if isinstance(mark, str):
            yield mark
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def restore(value: Json, content: Mapping[str, str]) -> Json:
    """`value` as the user gave it."""
    if isinstance(value, list):
        return [restore(item, content) for item in value]
    if not isinstance(value, dict):
        return value
    mark = value.get(MARK)
    if isinstance(mark, str):
        kept: Json = json.loads(content[mark])
        return kept
    return {_unescape(key): restore(item, content) for key, item in value.items()}


def _escape(key: str) -> str:
    return f"${key}" if _MARKED.match(key) else key


def _unescape(key: str) -> str:
    return key[1:] if _MARKED.match(key) else key


def _shrink(value: Json, store: Store) -> Json:
    """`value` with its smallest big parts stored."""
    kept: dict[str, str] = {}
    shrunk, _ = _shrink_part(value, kept)
    for sha256, content in kept.items():
        store(sha256, content)
    return shrunk


def _shrink_part(value: Json, kept: dict[str, str]) -> tuple[Json, int]:
    """The part and the length of its text. What `kept` gains belongs to the part that is returned."""
    inner: dict[str, str] = {}
    shrunk: Json = value
    if isinstance(value, dict):
        parts = {_escape(key): _shrink_part(item, inner) for key, item in value.items()}
        shrunk = {key: part for key, (part, _) in parts.items()}
        size = 2 + sum(len(key) + 4 + length for key, (_, length) in parts.items())
    elif isinstance(value, list) and set(map(type, value)) <= _SMALL:
        size = 2 + 25 * len(value)
    elif isinstance(value, list):
        items = [_shrink_part(item, inner) for item in value]
        shrunk = [part for part, _ in items]
        size = 2 + sum(1 + length for _, length in items)
    else:
        size = len(value) + 2 if isinstance(value, str) else 24
    if size <= LIMIT:
        kept.update(inner)
        return shrunk, size
    content = json.dumps(value, separators=(",", ":"))
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    kept[sha256] = content
    return {MARK: sha256, "size": len(content), "preview": content[:PREVIEW]}, PREVIEW + 120


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where an event holds JSON of users: fields, mappings to it, and lists of records with such fields."""

    values: tuple[str, ...]
    maps: tuple[str, ...]
    records: tuple[tuple[str, "_Fields"], ...]


def _each_part(data: dict[str, Any], fields: _Fields, change: Callable[[Json], Json]) -> None:
    for name in data.keys() & set(fields.values):
        data[name] = change(data[name])
    for name in data.keys() & set(fields.maps):
        data[name] = {key: change(value) for key, value in data[name].items()}
    for name, inner in fields.records:
        for record in data.get(name, ()):
            _each_part(record, inner, change)


@cache
def _fields_of(kind: type[BaseModel]) -> _Fields:
    types = {name: field.annotation for name, field in kind.model_fields.items()}
    arguments = {name: (get_origin(annotation), get_args(annotation)) for name, annotation in types.items()}
    records = {name: args[0] for name, (origin, args) in arguments.items() if origin is tuple and isinstance(args[0], type)}
    return _Fields(
        values=tuple(name for name, annotation in types.items() if _is_json(annotation)),
        maps=tuple(name for name, (origin, args) in arguments.items() if origin is dict and _is_json(args[1])),
        records=tuple((name, _fields_of(record)) for name, record in records.items() if issubclass(record, BaseModel)),
    )


def _is_json(annotation: object) -> bool:
    return annotation is Json


@cache
def _fields_by_type() -> dict[str, _Fields]:
    union: Any = get_args(RunEvent)[0]
    return {kind.model_fields["type"].default: _fields_of(kind) for kind in get_args(union)}
