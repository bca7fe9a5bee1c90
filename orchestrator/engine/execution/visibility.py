"""What an expression inside a step can see: the run as it stood when the step started."""

from orchestrator.engine.document.expressions import Variables
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.ids import ROOT, Json, NodeId, PortName, Scope
from orchestrator.engine.log.run_state import RunState


def variables_as_of(
    graph: Graph, state: RunState, scope: Scope, seq: int, inputs: dict[PortName, Json], more: dict[str, Json] | None = None
) -> Variables:
    """`input`, `inputs`, `nodes`, `state`, `run`, and inside a map `item` and `index`.

    Later events are invisible, so that a replay sees what the step saw.
    """
    values: dict[str, Json] = {
        "input": inputs.get(PortName("in")),
        "inputs": {port: value for port, value in inputs.items()},
        "run": {"input": state.input},
        "state": {name: state.channel_as_of(name, seq, channel.initial) for name, channel in graph.channels.items()},
    }
    if scope != ROOT:
        values |= {"item": state.scopes[scope].seed, "index": state.scopes[scope].index}
    if more:
        values |= more

    def outputs_of(name: str) -> Json:
        here: Scope = scope
        while True:
            found = _outputs(state, here, NodeId(name), seq)
            if found is not None or here == ROOT:
                return found
            here = state.scopes[here].parent

    def names() -> list[str]:
        found: set[str] = set()
        here: Scope = scope
        while True:
            found.update(state.scopes[here].activations)
            if here == ROOT:
                return sorted(found)
            here = state.scopes[here].parent

    return Variables(values, outputs_of, names)


def _outputs(state: RunState, scope: Scope, node: NodeId, seq: int) -> Json:
    """What the latest activation that had ended by `seq` yielded; null when there is none."""
    latest = state.scopes[scope].latest_ended(node, seq)
    return None if latest is None else dict(latest.outputs)  # type: ignore[arg-type]  # port names are texts
