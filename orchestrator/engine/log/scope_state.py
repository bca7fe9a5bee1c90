"""Where the nodes of one scope stand, as their events tell."""

from dataclasses import dataclass, field

from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import ROOT, EdgeId, Json, NodeId, PortName, Scope
from orchestrator.engine.log.status import NodeStatus


@dataclass(slots=True)
class Activation:
    """One firing of a node. `edges` are the outgoing edges it took."""

    status: NodeStatus
    attempt: int = 1
    started_seq: int = 0
    finished_seq: int = 0
    inputs: dict[PortName, Json] = field(default_factory=dict)
    outputs: dict[PortName, Json] = field(default_factory=dict)
    edges: tuple[EdgeId, ...] = ()
    error: ErrorInfo | None = None
    handled: bool = True
    """False for a failure that ends its scope."""
    retry_at_us: int = 0


@dataclass(slots=True)
class ScopeState:
    """What has happened in one set of nodes: the graph itself, or one item's body.

    `parent` is the scope in which the map `node` stands, `index` the item's number.
    """

    parent: Scope = ROOT
    node: NodeId | None = None
    index: int = 0
    label: str = ""
    seed: Json = None
    finished: bool = False
    output: Json = None
    error: ErrorInfo | None = None
    activations: dict[NodeId, dict[int, Activation]] = field(default_factory=dict)
    ended: dict[NodeId, list[Activation]] = field(default_factory=dict)
    """Of each node the activations that have ended or were skipped, in that order."""
    failure: ErrorInfo | None = None
    """Of the first of its nodes whose failure nothing handled."""

    def latest_ended(self, node: NodeId, seq: int) -> Activation | None:
        """The activation of `node` that was the last to end, as of event `seq`."""
        return next((act for act in reversed(self.ended.get(node, ())) if act.finished_seq <= seq), None)

    def latest_delivered(self, node: NodeId) -> Activation | None:
        """The activation of `node` with the highest number of those that succeeded, whichever of them ended last."""
        delivered = {number: act for number, act in self.activations.get(node, {}).items() if act.status is NodeStatus.SUCCEEDED}
        return delivered[max(delivered)] if delivered else None
