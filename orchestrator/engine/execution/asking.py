"""How many questions of one run are open at once: whoever floods people with them waits in line."""

from collections import deque
from typing import Final

from orchestrator.engine.execution.branches import Branch, Rest
from orchestrator.engine.execution.journal import Journal
from orchestrator.engine.execution.waits import Waits
from orchestrator.engine.ids import Path
from orchestrator.engine.log.notes import Decision

MOST_OPEN: Final = 100
"""Questions of one run."""
LINE: Final = "/line"
"""Ends the path of the decision that tells of the line, below the question that was the first to wait in it."""


class Asking:
    """The line of those that want to ask. A place is free again when a question was answered or withdrawn."""

    def __init__(self, journal: Journal, waits: Waits) -> None:
        self._journal = journal
        self._waits = waits
        self._line: deque[Rest] = deque()
        self._told = False
        journal.after_endings(self._pass_on)

    async def place(self, path: Path, branch: Branch) -> None:
        """Return when the question at `path` may be asked; the branch rests meanwhile. Nothing may be awaited before it is asked."""
        await self._waits.hold(branch)
        while not self._free():
            self._tell(path)
            try:
                await self._turn(branch)
                await self._waits.hold(branch)
            except BaseException:
                self._pass_on()  # it may have been its turn
                raise

    async def _turn(self, branch: Branch) -> None:
        async with branch.resting() as rest:
            self._line.append(rest)
            try:
                await rest.over
            finally:
                if rest in self._line:
                    self._line.remove(rest)

    def _free(self) -> int:
        return max(0, MOST_OPEN - self._journal.state.open_questions())

    def _pass_on(self) -> None:
        for _ in range(min(self._free(), len(self._line)) if self._line else 0):
            self._waits.woken = True
            self._line.popleft().end()

    def _tell(self, path: Path) -> None:
        """Once in a run."""
        if self._told:
            return
        self._told = True
        if not any(known.endswith(LINE) for known in self._journal.state.notes.paths):
            why = f"{MOST_OPEN} questions of this run are open, and no more are at once. The others are asked as these are answered."
            self._journal.record(Decision(path=Path(f"{path}{LINE}"), what="questions", chosen="wait in line", why=why))
