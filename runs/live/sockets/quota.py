"""How many sockets each person has open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class Quota:
    """Places that are taken for the length of a block, and are free again however the block ends."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def place(self, owner: UUID) -> Iterator[bool]:
        """One place of `owner`; False when they have none left. Nothing is awaited between looking and taking."""
        if self._taken[owner] >= self.limit:
            yield False
            return
        self._taken[owner] += 1
        try:
            yield True
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
