"""A tree of thoughts."""

from dataclasses import dataclass
from typing import Optional


@dataclass(slots=True, eq=False)
class Thought:
    """One step of thinking. `place` is such as `2.1`: the first below the second; empty at the root, which has no text."""

    place: str = ""
    text: str = ""
    parent: Optional["Thought"] = None
    depth: int = 0
    value: float = 0.0

    def then(self, number: int, text: str) -> "Thought":
        """A thought below this one, as its `number`-th, counted from 1."""
        return Thought(f"{self.place}.{number}" if self.place else str(number), text, self, self.depth + 1)

    def line(self) -> list["Thought"]:
        """From the first thought to this one."""
        return [] if self.parent is None else [*self.parent.line(), self]


def listed(thought: Thought) -> str:
    """The thoughts that lead to one, as a model reads them."""
    lines = [f"{number}. {one.text}" for number, one in enumerate(thought.line(), 1)]
    return "Thoughts so far:\n" + ("\n".join(lines) or "(none)")
