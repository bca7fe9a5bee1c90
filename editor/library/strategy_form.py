"""How an agent plans, as a form without scripts: drawn from the JSON Schema of the ways, and read back as it is typed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from pydantic import TypeAdapter

from orchestrator.engine.document.agents.strategy import Strategy
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson, read_json

NAME = "strategy"
LONG = 1_000
"""Texts that may be longer get several lines."""


@dataclass(frozen=True, slots=True)
class WayField:
    """`name` is that of the control in the form; `kind` is one of select, switch, number, text, lines."""

    name: str
    title: str
    hint: str
    kind: str
    value: Json
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    value: str
    title: str
    hint: str
    chosen: bool
    fields: tuple[WayField, ...]


def ways_of(strategy: Json) -> list[Way]:
    """Every way of planning with its fields, filled in where `strategy` is of that way."""
    given = strategy if isinstance(strategy, dict) else {}
    chosen = given.get("type", "direct")
    return [
        Way(
            value=value,
            title=schema["title"],
            hint=schema["description"].split("\n\n")[0],
            chosen=value == chosen,
            fields=tuple(_field(value, name, part, given if value == chosen else {}) for name, part in _parts(schema)),
        )
        for value, schema in _schemas()
    ]


def strategy_of(form: QueryDict) -> dict[str, Json]:
    """The way that was chosen with its fields, not yet checked. What is empty is left to its default."""
    chosen = form.get(NAME, "direct")
    found: dict[str, Json] = {"type": chosen}
    for name, part in _parts(dict(_schemas()).get(chosen, {})):
        typed = form.get(f"{chosen}.{name}", "").replace("\r\n", "\n")
        if part.get("type") == "boolean":
            found[name] = typed == "on"
        elif typed:
            found[name] = typed if part.get("type") == "string" else read_number(typed)
    return found


def _schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    schema = TypeAdapter[Strategy](Strategy).json_schema()
    for one in schema["oneOf"]:
        way = schema["$defs"][one["$ref"].rpartition("/")[2]]
        yield way["properties"]["type"]["const"], way


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, part) for name, part in schema.get("properties", {}).items() if name != "type")


def _field(way: str, name: str, part: dict[str, Any], given: dict[str, Any]) -> WayField:
    value = given.get(name, part.get("default"))
    return WayField(f"{way}.{name}", part["title"], part.get("description", ""), _kind(part), value, tuple(part.get("enum", ())))


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return "select"
    if part["type"] == "string":
        return "lines" if part.get("maxLength", 0) > LONG else "text"
    return "switch" if part["type"] == "boolean" else "number"


def read_number(typed: str) -> Json:
    """What is no number stays text, which the agent's form then refuses by name."""
    try:
        return read_json(typed)
    except NotJson:
        return typed
