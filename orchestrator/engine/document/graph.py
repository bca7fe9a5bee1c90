"""The graph document: what a person draws, and what a run executes. Data, never code."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.agents.agent import Agent, LibraryAgent
from orchestrator.engine.document.json_numbers import FromJson, Whole
from orchestrator.engine.ids import AgentId, EdgeId, Json, NodeId, PortName

# They stand in the form; what is sent is held against them in `reading`, before anything else is.
MAX_NODES = 20_000
MAX_EDGES = 100_000
MAX_NAMED = 1_000
"""Agents, and channels."""


class Part(BaseModel):
    """Base of everything inside a document: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FiringRule(StrEnum):
    """How many incoming edges must have carried something before a node fires."""

    ALL = "all"
    """Every incoming edge has arrived or can no longer arrive; at least one carried a value."""
    ANY = "any"
    """The first value that arrives."""
    N_OF = "n_of"
    """As many values as `count` says."""


class Firing(Part):
    rule: FiringRule = FiringRule.ALL
    count: Whole = Field(default=1, ge=1, description="For n_of: how many")


class Retry(Part):
    """Attempts after a failure: waits `initial_s * factor**k`, at most `max_s`, with jitter."""

    attempts: Whole = Field(default=1, ge=1, le=20, title="Attempts in all")
    initial_s: float = Field(default=1.0, ge=0, le=3600, title="First wait, seconds")
    factor: float = Field(default=2.0, ge=1, le=10, title="Growth of the wait")
    max_s: float = Field(default=60.0, ge=0, le=86_400, title="Longest wait, seconds")


class OnError(StrEnum):
    """What a failed node does after its last attempt."""

    FAIL = "fail"
    """The run fails."""
    PORT = "port"
    """The error leaves by the node's `error` port."""
    DEFAULT = "default"
    """The node yields `default_output` on its first port."""


class Node(Part):
    id: NodeId = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    kind: str = Field(min_length=1, max_length=64)
    kind_version: Whole = Field(default=1, ge=1)
    title: str = Field(default="", max_length=120)
    params: dict[str, Json] = Field(default={}, description="By the kind's own form; what does not fit it is a problem of the graph")
    parent: NodeId | None = Field(default=None, description="The map whose body this node belongs to")
    firing: Firing = Firing()
    retry: Retry = Retry()
    timeout_s: float | None = Field(default=None, gt=0, le=86_400)
    on_error: OnError = OnError.FAIL
    default_output: Json = None
    writes: dict[str, str] = Field(default={}, description="Channel name to CEL expression over `output`")


class Edge(Part):
    """From an output port to an input port.

    Open when `condition` (CEL over `output`, `input`, `nodes`, `state`, `run`) is true or
    absent; an `otherwise` edge is open when no other edge of its port is. An edge that
    closes a cycle needs `max_iterations`, and is shut once it has been taken so often.
    """

    id: EdgeId = Field(min_length=1, max_length=64)
    source: NodeId
    source_port: PortName = PortName("out")
    target: NodeId
    target_port: PortName = PortName("in")
    condition: str | None = Field(default=None, max_length=10_000)
    otherwise: bool = False
    max_iterations: Annotated[int, Field(ge=1, le=10_000), FromJson] | None = None
    label: str = Field(default="", max_length=120)


class ReducerName(StrEnum):
    """How a channel takes a new value in."""

    LAST = "last"
    APPEND = "append"
    EXTEND = "extend"
    MERGE = "merge"
    SUM = "sum"
    MAX = "max"
    MIN = "min"


class Channel(Part):
    """Shared state of a run: read as `state.<name>`, written through `writes`."""

    reducer: ReducerName = ReducerName.LAST
    initial: Json = None


class Limits(Part):
    """Caps of one run; crossing one ends it as `limit_exceeded`."""

    max_steps: Whole = Field(default=20_000, ge=1, le=1_000_000)
    max_seconds: float | None = Field(default=None, gt=0)
    max_items: Whole = Field(default=10_000, ge=1, le=100_000, description="Items of one map")


class Position(Part):
    x: float
    y: float
    width: float | None = None
    height: float | None = None


class Graph(Part):
    """The whole document. `inputs` is the JSON Schema of the run's input; `files` are names
    of files shipped with the graph, which its tools may look things up in."""

    schema_version: Annotated[Literal[1], FromJson] = 1
    title: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=10_000)
    inputs: dict[str, Json] = {}
    agents: dict[AgentId, Agent | LibraryAgent] = Field(default={}, json_schema_extra={"maxProperties": MAX_NAMED})
    channels: dict[str, Channel] = Field(default={}, json_schema_extra={"maxProperties": MAX_NAMED})
    nodes: tuple[Node, ...] = Field(default=(), json_schema_extra={"maxItems": MAX_NODES})
    edges: tuple[Edge, ...] = Field(default=(), json_schema_extra={"maxItems": MAX_EDGES})
    limits: Limits = Limits()
    layout: dict[NodeId, Position] = Field(default={}, json_schema_extra={"maxProperties": MAX_NODES})
