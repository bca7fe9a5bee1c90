"""Which code this process runs, as a name that changes whenever a replay might."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path

from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.engine.effects.digest import digest
from orchestrator.settings.env import ROOT

SOURCES = ("orchestrator/engine", "orchestrator/capabilities")
"""What decides what a run does over its log."""


@cache
def build_id() -> str:
    """The version of the product, a digest of the sources that runs depend on, and one of the tools that models are told of."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return f"{version}+{digest_of(ROOT, SOURCES)}.{digest([spec.model_dump(mode='json') for spec in all_specs()])[:12]}"


def digest_of(root: Path, folders: tuple[str, ...]) -> str:
    """Twelve digits that depend on the names and contents of the Python files below `folders`."""
    found = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]
