"""How an input form asks for a file: `{"type": "object", "format": "file", "accept": ["image"]}`, or an array of such.

`accept` names the kinds that are taken; without it all are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.ids import Json

_DEEPEST: Final = 32
ALL: Final = frozenset(Modality)


@dataclass(frozen=True, slots=True)
class AskedFile:
    """One place of a form, by the names that lead to it, and the kinds of file that it takes."""

    names: tuple[str, ...]
    accepts: frozenset[Modality]


def accepted(schema: Json) -> frozenset[Modality] | None:
    """The kinds of file that a schema asks for; None when it asks for no file."""
    if not isinstance(schema, dict) or schema.get("format") != "file":
        return None
    listed = schema.get("accept")
    known = frozenset(Modality(kind) for kind in listed if kind in ALL) if isinstance(listed, list) else ALL
    return known or ALL


def asked_files(schema: Json, names: tuple[str, ...] = ()) -> Iterator[AskedFile]:
    """Every place of a form at which it asks for files; the items of a list are in the place of the list."""
    kinds = accepted(schema)
    if kinds is not None:
        yield AskedFile(names, kinds)
    elif isinstance(schema, dict) and len(names) < _DEEPEST:
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            yield from asked_files(inner, (*names, name))
        items = schema.get("items")
        if isinstance(items, dict) and items.get("items") is not items:
            yield from asked_files(items, (*names, "")) if accepted(items) is None else asked_files(items, names)


def file_faults(schema: Json, value: Json, place: str = "") -> Iterator[str]:
    """Where and why a value holds no file that the form asks for there. What is missing is the schema's own to say."""
    kinds = accepted(schema)
    if kinds is not None:
        fault = _fault(value, kinds)
        if fault and value is not None:
            yield f"at {place}: {fault}" if place else fault
        return
    if not isinstance(schema, dict):
        return
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(value, dict) and isinstance(properties, dict):
        for name in value.keys() & properties.keys():
            yield from file_faults(properties[name], value[name], f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from file_faults(items, each, f"{place}.{index}" if place else str(index))


def _fault(value: Json, kinds: frozenset[Modality]) -> str:
    wanted = " or ".join(sorted(kinds)) + " file" if kinds != ALL else "file"
    media_type = value.get("media_type") if isinstance(value, dict) and value.get("type") == "file" else None
    if not isinstance(value, dict) or not isinstance(media_type, str):
        return f"got {type(value).__name__}, expected a{'n' if wanted[0] in 'aiou' else ''} {wanted}"
    found = modality_of(media_type)
    return "" if found in kinds else f"{value.get('name')} is {media_type}, expected a{'n' if wanted[0] in 'aiou' else ''} {wanted}"
