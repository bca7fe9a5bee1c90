"""Files shipped with a graph, as tools see them: by exact name, never by path."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

CHEAP_CHARACTERS: Final = 64 * 1024
"""Of what is gone through in place; more of it would hold up every run."""


def content_of(files: Mapping[str, bytes], name: str) -> bytes:
    """The content of a file, or a ToolError that lists the files there are."""
    if name not in files:
        known = ", ".join(sorted(files)) or "none"
        raise ToolError(f"There is no file {name!r} with this graph", code=ErrorCode.INVALID_INPUT, cure=f"Use one of: {known}.")
    return files[name]


def text_of(files: Mapping[str, bytes], name: str) -> str:
    """The text of a file. Raises ToolError."""
    return _decoded(content_of(files, name), name)


@lru_cache(maxsize=16)
def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ToolError(f"The file {name!r} is not UTF-8 text", cure="Save the file as UTF-8 and attach it again.") from None


def with_choices(spec: ToolSpec, choices: Mapping[str, list[str]], said: str) -> ToolSpec:
    """The spec with arguments narrowed to the values there are, and a sentence about them."""
    properties = spec.parameters["properties"]
    if not isinstance(properties, dict):
        return spec
    narrowed: dict[str, Json] = {}
    for name, part in properties.items():
        options = choices.get(name)
        narrowed[name] = part | {"enum": list(options)} if options and isinstance(part, dict) else part
    return spec.model_copy(
        update={"parameters": spec.parameters | {"properties": narrowed}, "description": f"{spec.description} {said}".strip()}
    )
