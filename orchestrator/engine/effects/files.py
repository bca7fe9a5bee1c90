"""Files inside the values of a run: found, and told apart from data that only looks like one."""

from collections.abc import Iterator

from pydantic import ValidationError

from orchestrator.engine.effects.model import FilePart
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json


def file_of(value: Json) -> FilePart | None:
    """The file that a value is, None when it is none."""
    if not isinstance(value, dict) or value.get("type") != "file" or "digest" not in value:
        return None
    try:
        return FilePart.model_validate(value)
    except ValidationError:
        return None


def files_in(value: Json) -> Iterator[FilePart]:
    """Every file that a value holds, wherever, in its order."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        found = file_of(part)
        if found is not None:
            yield found
        elif isinstance(part, dict):
            waiting.extend(reversed(part.values()))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def files_from(value: Json, what: str) -> tuple[FilePart, ...]:
    """The files of a value that is one, a list of them, or null. Raises EngineError naming what `what` gave instead."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    found = [file_of(each) for each in listed]
    wrong = next((index for index, file in enumerate(found) if file is None), None)
    if wrong is not None:
        got = type(listed[wrong]).__name__ if not isinstance(listed[wrong], dict) else "an object that is no file"
        place = f" at place {wrong + 1}" if isinstance(value, list) else ""
        raise EngineError(
            f"{what} gave {got}{place}, expected a file or a list of files",
            code=ErrorCode.INVALID_PARAMS,
            cure="Let the expression lead to a field of the input form that asks for a file.",
        )
    return tuple(file for file in found if file is not None)
