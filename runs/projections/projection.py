"""What a projection is: rows that are read from the log in the transaction that writes it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from orchestrator.engine.ids import Json
from runs.models import Run
from runs.projections.fact import Fact

C = TypeVar("C")


class Projection(ABC, Generic[C]):
    """One kind of rows. A change says what the events of one run mean for them."""

    name: str

    @abstractmethod
    def read(self, run: Run, facts: Sequence[Fact]) -> C | None:
        """The change that the run's next facts make; None when they make none. Pure: reads no row."""

    @abstractmethod
    def write(self, changes: Sequence[C]) -> None:
        """Write the changes of several runs, inside the writer's transaction."""

    @abstractmethod
    def clear(self, run: Run) -> None:
        """Make the rows of a run what they are before its first event."""

    @abstractmethod
    def rows(self, run: Run) -> list[dict[str, Json]]:
        """The rows of a run as they stand, in an order of their own, to be compared."""
