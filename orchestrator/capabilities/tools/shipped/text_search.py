"""Passages of the text files that a graph brings along."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from orchestrator.capabilities.tools.shipped.files import CHEAP_CHARACTERS, text_of, with_choices
from orchestrator.capabilities.tools.shipped.passages import best_passages
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import EngineError, ToolError
from orchestrator.engine.ids import Json

_TEXTS: Final = (".md", ".txt", ".rst")


def describe(spec: ToolSpec, files: Mapping[str, bytes]) -> ToolSpec:
    """Names the text files at hand."""
    names = [name for name in sorted(files) if name.lower().endswith(_TEXTS)]
    return with_choices(spec, {"file": ["", *names]}, f"Files: {', '.join(names)}." if names else "")


@tool(
    "text_search",
    title="Text search",
    safety=Safety.PURE,
    timeout_s=20,
    describe=describe,
    example='text_search(query="How long may something be returned?", file="faq.md")',
    touches="Reads the text files of the graph.",
)
async def text_search(
    context: ToolContext,
    *,
    query: Annotated[str, Field(min_length=1, max_length=1000, description="Words to look for")],
    file: Annotated[str, Field(description="Name of one text file of this graph; all of them when left out")] = "",
    limit: Annotated[int, Field(ge=1, le=20, description="Passages at most")] = 3,
) -> Json:
    """Find the passages of the graph's text files that answer a question best."""
    names = [file] if file else [name for name in sorted(context.files) if name.lower().endswith(_TEXTS)]
    texts: dict[str, Json] = {name: text_of(context.files, name) for name in names}
    if sum(len(str(text)) for text in texts.values()) <= CHEAP_CHARACTERS:
        return best_passages({name: str(text) for name, text in texts.items()}, query, limit)
    try:
        return await context.evaluator.ask(best_passages, texts, query, limit)
    except EngineError as error:
        raise ToolError.of(error.info) from None
