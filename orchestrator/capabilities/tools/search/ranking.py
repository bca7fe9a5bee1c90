"""Records ranked by how well they answer a question, by BM25."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from orchestrator.capabilities.tools.shipped.passages import Passage, rank

R = TypeVar("R", bound=Mapping[str, Any])


def best(records: Sequence[R], query: str, limit: int) -> list[R]:
    """Those that share words with the question, best first; the words of a title count twice."""
    passages = [Passage(str(number), str(record["title"]), str(record["text"])) for number, record in enumerate(records)]
    return [records[int(passage.file)] for _, passage in rank(passages, query)[:limit]]
