"""Reading the starters from their folders."""

import csv
import io
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestrator.engine.ids import Json

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Starter:
    """`document` is the graph; `files` are what its tools look things up in; `example_input` is ready to run."""

    slug: str
    title: str
    summary: str
    document: dict[str, Json]
    files: dict[str, bytes] = field(default_factory=dict)
    example_input: dict[str, Json] = field(default_factory=dict)


@lru_cache(maxsize=1)
def starters() -> tuple[Starter, ...]:
    """Every starter, in the order in which they are offered."""
    folders = [folder for folder in _HERE.iterdir() if (folder / "starter.json").is_file()]
    return tuple(_read(folder) for folder in sorted(folders, key=lambda folder: (_json(folder / "starter.json")["order"], folder.name)))


def starter(slug: str) -> Starter:
    """The starter of that name. Raises KeyError."""
    return {found.slug: found for found in starters()}[slug]


def _read(folder: Path) -> Starter:
    about = _json(folder / "starter.json")
    return Starter(
        slug=folder.name.replace("_", "-"),
        title=about["title"],
        summary=about["summary"],
        document=_json(folder / "graph.json"),
        files={name: _lying(folder, name).read_bytes() for name in about["files"]},
        example_input={name: _expanded(value, folder) for name, value in _json(folder / "input.json").items()},
    )


def _expanded(value: Any, folder: Path) -> Json:
    """`{"$csv": "tickets.csv"}` stands for the rows of that file, `{"$text": "notes.md"}` for its text, wherever they are."""
    if isinstance(value, dict) and set(value) == {"$csv"}:
        text = _lying(folder, str(value["$csv"])).read_text(encoding="utf-8")
        return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]
    if isinstance(value, dict) and set(value) == {"$text"}:
        return _lying(folder, str(value["$text"])).read_text(encoding="utf-8")
    if isinstance(value, dict):
        return {name: _expanded(part, folder) for name, part in value.items()}
    if isinstance(value, list):
        return [_expanded(part, folder) for part in value]
    expanded: Json = value
    return expanded


def _lying(folder: Path, name: str) -> Path:
    """Where a shipped file lies. Python has `.txt` behind its name there: it is to be looked at, and no part of the product."""
    return folder / (f"{name}.txt" if name.endswith(".py") else name)


def _json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value
