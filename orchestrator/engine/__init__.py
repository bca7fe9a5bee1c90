"""The engine: runs graphs of agents over one log. Imports no framework and nothing of ours outside.

This is its door; other rooms import from here or from the module that names the noun.
"""

from orchestrator.engine.agent import Agent, LibraryAgent
from orchestrator.engine.errors import EngineError, ErrorCode, ErrorInfo, GraphInvalid, LeaseLost, ModelError, ToolError
from orchestrator.engine.events import RunClaimed, RunEvent, run_event
from orchestrator.engine.graph import Graph
from orchestrator.engine.host import Host, ToolCall
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.problems import Problem
from orchestrator.engine.registry import kind_schemas, load_kinds
from orchestrator.engine.run_state import RunState, apply_event, fold
from orchestrator.engine.runner import Runner
from orchestrator.engine.status import EffectStatus, NodeStatus, RunStatus
from orchestrator.engine.validation import check_graph, document_problems

__all__ = [
    "Agent",
    "EffectStatus",
    "EngineError",
    "ErrorCode",
    "ErrorInfo",
    "Graph",
    "GraphInvalid",
    "Host",
    "Json",
    "LeaseLost",
    "LibraryAgent",
    "ModelError",
    "NodeStatus",
    "Path",
    "Problem",
    "RunClaimed",
    "RunEvent",
    "RunState",
    "RunStatus",
    "Runner",
    "ToolCall",
    "ToolError",
    "apply_event",
    "check_graph",
    "document_problems",
    "fold",
    "kind_schemas",
    "load_kinds",
    "run_event",
]
