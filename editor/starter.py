"""Graphs that come with the product, to begin from."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STARTERS = Path(__file__).parent / "starters"


@dataclass(frozen=True, slots=True)
class Starter:
    slug: str
    title: str
    summary: str
    document: dict[str, Any]


@cache
def load_starters() -> tuple[Starter, ...]:
    """Every graph document in `starters`, by title. Its file name is its slug."""
    found = [_read(path) for path in STARTERS.glob("*.json")]
    return tuple(sorted(found, key=lambda starter: starter.title))


def _read(path: Path) -> Starter:
    document = json.loads(path.read_text(encoding="utf-8"))
    return Starter(path.stem, document["title"], document["description"], document)
