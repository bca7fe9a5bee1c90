"""The files of one run, as tools see them."""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from orchestrator.engine.errors import ErrorCode, ToolError

LONGEST_FILE: Final = 200_000
"""Bytes of one file, as UTF-8: what a tool may give at once."""
MOST_FILES: Final = 100
MOST_WRITES: Final = 1_000
"""Of one run: each is kept."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of all that a run wrote."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`version` counts the writes of the file, from 1; `size` is in bytes."""

    name: str
    version: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Kept:
    """How much a run has written."""

    names: frozenset[str]
    writes: int
    size: int

    def require_room(self, name: str, size: int) -> None:
        """Raises ToolError where a file of this size does not go in any more."""
        if size > LONGEST_FILE:
            raise too_much(f"The file has {size} bytes, at most {LONGEST_FILE} are allowed")
        if name not in self.names and len(self.names) >= MOST_FILES:
            raise too_much(f"This run has {MOST_FILES} files, and may have no more")
        if self.writes >= MOST_WRITES or self.size + size > MOST_BYTES:
            raise too_much(f"This run has written {self.writes} times, {self.size} bytes: it may write no more")


class Workspace(Protocol):
    """Of the run for which a tool is called."""

    async def write(self, name: str, text: str, key: str) -> KeptFile:
        """Keep a text under a name, in place of the former one. Once for each `key`: again, it gives what it gave. Raises ToolError."""
        ...

    async def read(self, name: str) -> str | None:
        """The text that was written last; None when there is none of that name."""
        ...

    async def list(self) -> list[KeptFile]:
        """By name."""
        ...


class WorkspaceInMemory:
    """For calls outside of any run."""

    def __init__(self) -> None:
        self._writes: list[tuple[KeptFile, str, str]] = []

    async def write(self, name: str, text: str, key: str) -> KeptFile:
        for file, _, known in self._writes:
            if known == key:
                return file
        content = text.encode()
        kept = Kept(frozenset(file.name for file, _, _ in self._writes), len(self._writes), sum(file.size for file, _, _ in self._writes))
        kept.require_room(name, len(content))
        version = 1 + sum(file.name == name for file, _, _ in self._writes)
        made = KeptFile(name, version, len(content), hashlib.sha256(content).hexdigest())
        self._writes.append((made, text, key))
        return made

    async def read(self, name: str) -> str | None:
        return next((text for file, text, _ in reversed(self._writes) if file.name == name), None)

    async def list(self) -> list[KeptFile]:
        latest = {file.name: file for file, _, _ in self._writes}
        return [latest[name] for name in sorted(latest)]


def too_much(message: str) -> ToolError:
    return ToolError(message, code=ErrorCode.INVALID_INPUT, cure="Write less, or write over a file that is not needed any more.")
