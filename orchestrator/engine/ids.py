"""The names things go by. Types, so that a node id is never passed for a path."""

from typing import NewType

from pydantic import JsonValue

Json = JsonValue

NodeId = NewType("NodeId", str)
"""A node of a graph document, unique in the whole document."""

EdgeId = NewType("EdgeId", str)
"""An edge of a graph document."""

PortName = NewType("PortName", str)
"""A port of a node, unique among its inputs or its outputs."""

AgentId = NewType("AgentId", str)
"""An agent of a graph document: the key under `agents`."""

Scope = NewType("Scope", str)
"""Where a set of nodes executes: `""` for the graph itself, `map#1/item.3` for one item of a map."""

Path = NewType("Path", str)
"""What happened, by structure alone: `map#1/item.3/classify#1/model.2`. Never depends on timing."""

ROOT = Scope("")


def is_within(path: Path | Scope, scope: Path | Scope) -> bool:
    """Whether `path` names `scope` itself or something in it; a step holds what it does as a scope does."""
    return scope == ROOT or path == scope or path.startswith(f"{scope}/")


def step_path(scope: Scope, node: NodeId, activation: int, attempt: int = 1) -> Path:
    """The path of one attempt at one activation of a node: `scope/node#activation~attempt`."""
    prefix = f"{scope}/" if scope else ""
    suffix = f"~{attempt}" if attempt > 1 else ""
    return Path(f"{prefix}{node}#{activation}{suffix}")
