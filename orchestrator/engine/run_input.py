"""The input of a run, held against the schema its graph declares."""

from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.graph import Graph
from orchestrator.engine.ids import Json
from orchestrator.engine.json_schema import first_fault


def check_input(graph: Graph, value: Json) -> None:
    """Raises EngineError (invalid_input) naming the place of the first fault."""
    if not graph.inputs:
        return
    fault = first_fault(graph.inputs, value)
    if fault:
        raise EngineError(
            f"The input does not fit the graph: {fault}", code=ErrorCode.INVALID_INPUT, cure="Give what the graph's input form asks for."
        )
