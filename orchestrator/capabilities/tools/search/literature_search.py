"""Looking for papers in a set that is shipped."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from orchestrator.capabilities.tools.search.ranking import best
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Json

_PAPERS: Final = Path(__file__).parent / "papers.json"


@tool(
    "literature_search",
    title="Literature search",
    safety=Safety.PURE,
    timeout_s=10,
    example='literature_search(query="tree of thoughts", since=2023)',
    touches="Reads the records of papers that are shipped with Baton. Nothing leaves.",
)
async def literature_search(
    _context: ToolContext,
    *,
    query: Annotated[str, Field(min_length=1, max_length=400, description="What the papers are about, or who wrote them")],
    since: Annotated[int, Field(ge=1900, le=2100, description="Year of the earliest")] = 1900,
    limit: Annotated[int, Field(ge=1, le=20, description="Papers at most")] = 5,
) -> Json:
    """Find papers on distributed systems, language models and agents: title, authors, year, venue and what each says in a sentence."""
    papers = [paper for paper in shipped_papers() if paper["year"] >= since]
    shown = ("title", "authors", "year", "venue", "summary")
    found: list[Json] = [{name: paper[name] for name in shown} for paper in best(papers, query, limit)]
    return {"papers": found, "searched": len(papers), "note": "A set of papers that is shipped with Baton, not all there are."}


@lru_cache(maxsize=1)
def shipped_papers() -> list[dict[str, Any]]:
    papers: list[dict[str, Any]] = json.loads(_PAPERS.read_text(encoding="utf-8"))
    return [paper | {"text": f"{paper['summary']} {paper['authors']} {paper['venue']} {paper['year']}"} for paper in papers]
