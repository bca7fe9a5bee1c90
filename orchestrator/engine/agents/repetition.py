"""An agent that goes round in circles: the same call, with the same result, again and again."""

from collections.abc import Sequence
from typing import Final

from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.model import Message
from orchestrator.engine.ids import Json

MOST_ALIKE: Final = 3
"""Calls with one result after which the same call is not made again."""


class Repetition:
    """The calls that one conversation has made."""

    def __init__(self) -> None:
        self._results: dict[str, list[str]] = {}

    def note(self, name: str, arguments: dict[str, Json], result: Message) -> None:
        said: list[Json] = [part.model_dump(mode="json") for part in result.content]
        self._results.setdefault(digest([name, arguments]), []).append(digest(said))

    def fault(self, name: str, arguments: dict[str, Json]) -> str:
        """Why this call is not worth making; empty when it may be."""
        last: Sequence[str] = self._results.get(digest([name, arguments]), [])[-MOST_ALIKE:]
        if len(last) < MOST_ALIKE or len(set(last)) > 1:
            return ""
        return f"{name} was called {MOST_ALIKE} times with these arguments and always gave the same. Do something else, or answer."
