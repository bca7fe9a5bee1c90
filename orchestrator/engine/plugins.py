"""What others add to Baton: packages by entry point, and what a host finds elsewhere. One that is broken is skipped and told of.

[project.entry-points."baton.nodes"]     an object of NodeKind
[project.entry-points."baton.tools"]     an object of Tool
[project.entry-points."baton.models"]    an object of Provider with an adapter
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, entry_points
from typing import Protocol

from orchestrator.engine.unforeseen import in_words

NODES = "baton.nodes"
TOOLS = "baton.tools"
MODELS = "baton.models"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point. `problem` says why it was skipped, and is empty for one that is in use."""

    group: str
    name: str
    package: str
    problem: str = ""


class BadPlugin(Exception):
    """A plug-in is not what its entry point says."""


class Entry(Protocol):
    """One of them before it is loaded: an entry point, or what acts like one. `value` says where it comes from."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> str: ...

    @property
    def group(self) -> str: ...

    @property
    def dist(self) -> Distribution | None: ...

    def load(self) -> object: ...


_found: dict[str, tuple[Plugin, ...]] = {}


def load_plugins(group: str, take: Callable[[object], None], more: Iterable[Entry] = ()) -> None:
    """Hand the object of each entry point of the group, then those of `more`, to `take`, which raises for one that it cannot use."""
    entries: list[Entry] = sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value))
    _found[group] = tuple(_load(entry, take) for entry in [*entries, *more])


def _load(entry: Entry, take: Callable[[object], None]) -> Plugin:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
    try:
        take(entry.load())
    except (Exception, SystemExit) as error:
        log.warning("Plug-in %s of %s (%s) is skipped", entry.name, package, entry.group, exc_info=True)
        return Plugin(entry.group, entry.name, package, in_words(error))
    return Plugin(entry.group, entry.name, package)


def loaded_plugins() -> list[Plugin]:
    """Every plug-in of the groups that have been loaded, broken ones included."""
    return [plugin for group in sorted(_found) for plugin in _found[group]]


def plugin_problems() -> list[Plugin]:
    """The plug-ins that were skipped."""
    return [plugin for plugin in loaded_plugins() if plugin.problem]
