"""The operator's own tools: Python files in a folder of the machine. No tenant reaches it, and nothing of the product writes there."""

import os
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from orchestrator.capabilities.tools.tool import Tool
from orchestrator.engine.plugins import TOOLS, BadPlugin

_WRITTEN_BY_OTHERS: Final = 0o022

_folders: list[Path] = []


def read_tools_from(folder: Path) -> None:
    """Have the tools of a folder beside all others, from the next time that tools are read."""
    if folder not in _folders:
        _folders.append(folder)


@dataclass(frozen=True, slots=True)
class FileOfTools:
    """A plug-in as `load_plugins` takes it."""

    path: Path
    group: str = TOOLS
    dist: Distribution | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def value(self) -> str:
        """Where it lies, as people are told."""
        return f"{self.path.parent.name}/{self.path.name}"

    def load(self) -> "tuple[Tool, ...]":
        """The tools that the file makes. Raises BadPlugin, and whatever the file raises."""
        for place in (self.path.parent, self.path):
            _require_own(place)
        found = tuple(value for value in vars(_run(self.path)).values() if isinstance(value, Tool))
        if not found:
            raise BadPlugin("No tool in it. Put @tool before a function.")
        return tuple({id(tool): tool for tool in found}.values())


def files_of_tools() -> list[FileOfTools]:
    """One for each file of the folders, in order of their names; not those that begin with an underscore."""
    return [FileOfTools(path) for folder in _folders for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]


def _require_own(place: Path) -> None:
    """What another user of the machine may write would run here as whoever runs Baton."""
    found = place.stat()
    if found.st_mode & _WRITTEN_BY_OTHERS:
        raise BadPlugin(f"Other users of this machine may write to {place.name}. Run: chmod go-w {place}")
    if found.st_uid not in (0, os.geteuid()):
        raise BadPlugin(f"{place.name} belongs to another user of this machine. Give it to the one that runs Baton.")


def _run(path: Path) -> ModuleType:
    name = f"baton_tools_{path.stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where data classes and models look for the names in their hints
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
