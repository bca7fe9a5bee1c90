"""The input of a run, held against the schema its graph declares."""

from orchestrator.engine.errors import EngineError, ErrorCode


def refuse_input(faults: list[str]) -> None:
    """Raises EngineError (invalid_input) naming the first of the faults, if there is any."""
    if faults:
        raise EngineError(
            f"The input does not fit the graph: {faults[0]}",
            code=ErrorCode.INVALID_INPUT,
            cure="Give what the graph's input form asks for.",
        )
