"""The input of a run, held against the schema its graph declares."""

from orchestrator.engine.document.json_schema import first_fault
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json


def check_input(schema: dict[str, Json], value: Json) -> None:
    """Raises EngineError (invalid_input) naming the place of the first fault. An empty schema lets everything pass."""
    fault = first_fault(schema, value) if schema else None
    if fault:
        raise EngineError(
            f"The input does not fit the graph: {fault}", code=ErrorCode.INVALID_INPUT, cure="Give what the graph's input form asks for."
        )
