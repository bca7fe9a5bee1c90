"""How large a JSON Schema is once its references are followed, found without following them for real.

A reference leads to another place of the same schema and never outside, so nothing is ever fetched or opened.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from orchestrator.engine.ids import Json

MAX_CHARACTERS: Final = 256 * 1024
MAX_REFERENCES: Final = 1_000
MAX_DEPTH: Final = 64
MAX_PARTS: Final = 20_000
"""Parts of a schema in which every reference was replaced by what it leads to. Doubling references grow without bound otherwise."""

_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "dependencies")
_KEPT: Final = ("$defs", "definitions")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_SINGLE: Final = (
    *("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains", "propertyNames"),
    *("not", "if", "then", "else", "contentSchema"),
)
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_NAMES: Final = ("$anchor", "$dynamicAnchor")


class BadSchema(ValueError):
    """The schema is refused; the message says where, as a JSON pointer, and why."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"at {place}: {why}" if place else why)


@dataclass(frozen=True, slots=True)
class Shape:
    """`parts`: how many there are with references followed; of a schema that holds itself, with each followed once.

    `patterns`: how many regular expressions.
    """

    parts: int
    patterns: int
    holds_itself: bool


def shape_of(schema: Json) -> Shape:
    """Raises BadSchema for what is too large, refers outside, or leads nowhere."""
    if len(json.dumps(schema)) > MAX_CHARACTERS:
        raise BadSchema("", f"it has more than {MAX_CHARACTERS} characters")
    return _Reader(schema).shape()


class _Reader:
    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._targets: dict[int, list[Json]] = {}
        """What a part refers to, by the part's identity."""
        self._named: dict[str, Json] = {}
        self._patterns = 0

    def shape(self) -> Shape:
        waiting: list[tuple[str, Json]] = [("#", self._schema)]
        references = 0
        while waiting:
            parts = list(self._parts(*waiting.pop()))
            for _, part in parts:
                self._named |= {str(part[name]): part for name in _NAMES if isinstance(part.get(name), str)}
            for place, part in parts:
                found = [self._target(f"{place}/{name}", str(part[name])) for name in _REFERENCES if isinstance(part.get(name), str)]
                self._targets[id(part)] = found
                self._patterns += _patterns_in(part)
                references += len(found)
                waiting += [(f"{place}/$ref", target) for target in found if id(target) not in self._targets]
        if references > MAX_REFERENCES:
            raise BadSchema("", f"it has {references} references, at most {MAX_REFERENCES} are allowed")
        count, holds_itself = self._follow()
        return Shape(count, self._patterns, holds_itself)

    def _parts(self, start: str, of: Json) -> Iterator[tuple[str, dict[str, Json]]]:
        """Every part of a schema that is written down and not known yet, with its place."""
        waiting: list[tuple[str, int, Json]] = [(start, 0, of)]
        while waiting:
            place, depth, part = waiting.pop()
            if not isinstance(part, dict) or id(part) in self._targets:
                continue
            if depth > MAX_DEPTH:
                raise BadSchema(place[:200], f"it is nested more than {MAX_DEPTH} deep")
            if part is not self._schema and "$id" in part:
                raise BadSchema(place, "only the whole schema may have an `$id`")
            yield place, part
            waiting += [(f"{place}/{below}", depth + 1, child) for below, child in _children(part, kept=True)]

    def _target(self, place: str, reference: str) -> Json:
        if not reference.startswith("#"):
            raise BadSchema(place, f"{reference[:200]!r} is outside of the schema; a reference begins with #")
        if reference.startswith("#/") or reference == "#":
            return self._at(place, reference)
        if reference[1:] not in self._named:
            raise BadSchema(place, f"nothing is called {reference[:200]!r}")
        return self._named[reference[1:]]

    def _at(self, place: str, pointer: str) -> Json:
        """What a JSON pointer (RFC 6901) leads to."""
        value = self._schema
        for step in pointer.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                raise BadSchema(place, f"{pointer[:200]!r} leads nowhere")
        return value

    def _follow(self) -> tuple[int, bool]:
        """How many parts there are with references followed, and whether one leads back to where it stands."""
        counted: dict[int, int] = {}
        holds_itself = False
        path: list[tuple[Json, list[Json]]] = [(self._schema, self._below(self._schema))]
        under_way = {id(self._schema)}
        while path:
            part, below = path[-1]
            if below:
                child = below.pop()
                if id(child) in under_way:
                    holds_itself = True
                elif isinstance(child, dict) and id(child) not in counted:
                    path.append((child, self._below(child)))
                    under_way.add(id(child))
                continue
            path.pop()
            under_way.discard(id(part))
            counted[id(part)] = 1 + sum(counted.get(id(child), 1) for child in self._below(part))
            if counted[id(part)] > MAX_PARTS:
                raise BadSchema("", f"it has more than {MAX_PARTS} parts once its references are followed")
        return counted[id(self._schema)], holds_itself

    def _below(self, part: Json) -> list[Json]:
        if not isinstance(part, dict):
            return []
        return [*(child for _, child in _children(part, kept=False)), *self._targets[id(part)]]


def _patterns_in(part: dict[str, Json]) -> int:
    properties = part.get("patternProperties")
    return ("pattern" in part) + (len(properties) if isinstance(properties, dict) else 0)


def _children(part: dict[str, Json], *, kept: bool) -> Iterator[tuple[str, Json]]:
    """The schemas inside, by their places; with those that are only `kept` to be referred to, or without."""
    for name in (*_MAPS, *_KEPT) if kept else _MAPS:
        held = part.get(name)
        if isinstance(held, dict):
            yield from ((f"{name}/{key[:60]}", child) for key, child in held.items())
    for name in _LISTS:
        listed = part.get(name)
        if isinstance(listed, list):
            yield from ((f"{name}/{index}", child) for index, child in enumerate(listed))
    for name in _SINGLE:
        if isinstance(part.get(name), dict):
            yield name, part[name]
