"""What an expression inside a step can see: the run as it stood when the step started."""

from collections.abc import Iterable

from orchestrator.engine.document.expressions.variables import Members, Variables
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.ids import ROOT, Json, NodeId, PortName, Scope
from orchestrator.engine.log.channels import reduce_value
from orchestrator.engine.log.events import ChannelWrite
from orchestrator.engine.log.run_state import RunState


def variables_as_of(
    graph: Graph,
    state: RunState,
    scope: Scope,
    seq: int,
    inputs: dict[PortName, Json],
    more: dict[str, Json] | None = None,
    writes: Iterable[ChannelWrite] = (),
) -> Variables:
    """`input`, `inputs`, `nodes`, `state`, `run`, and inside a map `item` and `index`.

    Later events are invisible, so that a replay sees what the step saw. `writes` are the
    step's own, which nobody has recorded yet: what it brings goes into what it saw.
    """
    values: dict[str, Json] = {
        "input": inputs.get(PortName("in")),
        "inputs": {port: value for port, value in inputs.items()},
        "run": {"input": state.input},
    }
    if scope != ROOT:
        values |= {"item": state.scopes[scope].seed, "index": state.scopes[scope].index}
    if more:
        values |= more
    own = {write.channel: write for write in writes}

    def channel(name: str) -> Json:
        value = state.channel_as_of(name, seq, graph.channels[name].initial)
        return reduce_value(own[name].reducer, value, own[name].value) if name in own else value

    nodes = Members(lambda name: _outputs(state, scope, NodeId(name), seq), lambda: _names(state, scope))
    return Variables(values, nodes, Members(channel, lambda: list(graph.channels)))


def _outputs(state: RunState, scope: Scope, node: NodeId, seq: int) -> Json:
    """What the latest activation that had ended by `seq` yielded, here or in the nearest scope around; null when there is none."""
    while True:
        latest = state.scopes[scope].latest_ended(node, seq)
        if latest is not None:
            return dict(latest.outputs)  # type: ignore[arg-type]  # port names are texts
        if scope == ROOT:
            return None
        scope = state.scopes[scope].parent


def _names(state: RunState, scope: Scope) -> list[str]:
    """The nodes that have begun or were skipped, here and in the scopes around."""
    found: set[str] = set(state.scopes[scope].activations)
    while scope != ROOT:
        scope = state.scopes[scope].parent
        found.update(state.scopes[scope].activations)
    return sorted(found)
