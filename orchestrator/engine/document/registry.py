"""Which kinds of nodes there are: the modules of `engine/nodes` and its folders, and those of installed packages."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, cast

from pydantic_core import PydanticUndefined

from orchestrator.engine.document.node_kind import NodeKind, NodeKindSchema, Params
from orchestrator.engine.ids import Json
from orchestrator.engine.plugins import NODES, BadPlugin, load_plugins

BUILT_IN = "orchestrator.engine.nodes"
"""Found by name, as installed packages are: nothing here depends on any one kind."""

Kind = NodeKind[Any]
"""A kind of any parameters."""


class BadKind(BadPlugin):
    """A module does not define a proper kind of node."""


def require_proper(kind: Kind) -> None:
    """Raises BadKind for a kind that people could not understand."""
    if not kind.summary or not kind.title:
        raise BadKind(f"Kind {kind.name!r} has no title or no summary")
    undescribed = [name for name, info in kind.params.model_fields.items() if not (info.title or info.description)]
    if undescribed:
        raise BadKind(f"Kind {kind.name!r} has parameters without a title: {', '.join(undescribed)}")


def _add(kinds: dict[str, Kind], kind: object) -> None:
    if not isinstance(kind, NodeKind):
        raise BadKind(f"Got {type(kind).__name__}, expected a NodeKind")
    if kind.name in kinds:
        raise BadKind(f"Two kinds of node are called {kind.name!r}")
    require_proper(kind)
    _schema(kind)
    kinds[kind.name] = kind


@cache
def _found() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for module in pkgutil.walk_packages(importlib.import_module(BUILT_IN).__path__, f"{BUILT_IN}."):
        if not module.ispkg:
            _add(kinds, importlib.import_module(module.name).KIND)
    load_plugins(NODES, partial(_add, kinds))
    return kinds


def load_kinds() -> dict[str, Kind]:
    """Every kind by name; imports the modules on the first call. Threads never see a part of them."""
    return _found()


def kind_of(name: str) -> NodeKind[Params]:
    """The kind of that name. Raises KeyError."""
    return cast("NodeKind[Params]", load_kinds()[name])


@contextmanager
def registered(*kinds: Kind) -> Iterator[None]:
    """Kinds that exist only inside the block, for tests."""
    known = load_kinds()
    for kind in kinds:
        _add(known, kind)
    try:
        yield
    finally:
        for kind in kinds:
            del known[kind.name]


def kind_schemas() -> list[NodeKindSchema]:
    """Every kind as the browser gets it, by group and title."""
    ordered = sorted(load_kinds().values(), key=lambda kind: (kind.group, kind.title))
    return [_schema(kind) for kind in ordered]


def _schema(kind: Kind) -> NodeKindSchema:
    return NodeKindSchema(
        name=kind.name,
        title=kind.title,
        summary=kind.summary,
        group=kind.group,
        icon=kind.icon,
        version=kind.version,
        inputs=kind.inputs,
        outputs=kind.outputs,
        ports_from=kind.ports_from,
        container=kind.container,
        executes=kind.executes,
        params=cast(dict[str, Json], kind.params.model_json_schema()),
        defaults=_defaults(kind.params),
    )


def _defaults(params: type[Params]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, info in params.model_fields.items():
        default = info.get_default(call_default_factory=True)
        if default is not PydanticUndefined:
            found[name] = params.__pydantic_serializer__.to_python(
                params.model_construct(**{name: default}), mode="json", include={name}
            ).get(name)
    return found
