"""Copies of the vectors of memories in a worker, for databases that cannot compare vectors.

A copy belongs to one space, whose id no other tenant's has, and is asked for by who has read that space's row in its own
scope. It takes in what was written since, by the space's version; what has gone is not there when the rows are read.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from runs.models import Memory, MemorySpace
from runs.vector_field import Vector

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of all copies of this process. The one that was not asked for longest goes first; one alone may be larger."""
_ERASED_SHARE: Final = 0.1
"""So much of a copy may have gone before it is read anew."""
_LEAST_ROWS: Final = 256
_CHUNK: Final = 5_000


class Of(NamedTuple):
    """Whose vectors: of one space, one kind, one model."""

    space: int
    kind: str
    model: str


@dataclass(slots=True)
class Matrix:
    """`rows[:count]` belong to `ids[:count]`; a row whose memory was corrected has another row and counts no more."""

    version: int = -1
    erased: int = 0
    count: int = 0
    ids: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rows: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    places: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bytes(self) -> int:
        return self.rows.nbytes + self.ids.nbytes + 100 * len(self.places)

    def add(self, ids: list[int], vectors: list[Vector]) -> None:
        if not ids:
            return
        needed = self.count + len(ids)
        if needed > len(self.ids):
            self._grow(max(needed, 2 * len(self.ids), _LEAST_ROWS), len(vectors[0]))
        for number, vector in zip(ids, vectors, strict=True):
            place = self.places.get(number, self.count)
            self.ids[place], self.rows[place] = number, vector
            if place == self.count:
                self.places[number] = place
                self.count += 1

    def _grow(self, capacity: int, dimension: int) -> None:
        ids, rows = np.zeros(capacity, dtype=np.int64), np.zeros((capacity, dimension), dtype=np.float32)
        if self.count:
            ids[: self.count], rows[: self.count] = self.ids[: self.count], self.rows[: self.count]
        self.ids, self.rows = ids, rows

    def nearest(self, question: Vector, most: int) -> list[int]:
        """The ids of the most alike, in no order."""
        if not self.count or self.rows.shape[1] != len(question):
            return []
        alike = self.rows[: self.count] @ question
        if self.count <= most:
            return list(map(int, self.ids[: self.count]))
        return list(map(int, self.ids[np.argpartition(-alike, most - 1)[:most]]))


class Matrices:
    """The copies of this process."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Of, Matrix] = OrderedDict()

    def nearest(self, space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[int]:
        """The ids of the memories most like a question. The space's row was read in the scope of its tenant just now."""
        of = Of(space.pk, kind, model)
        with self._lock:
            matrix = self._held.setdefault(of, Matrix())
            self._held.move_to_end(of)
        with matrix.lock:
            _bring_up_to_date(matrix, of, space)
            found = matrix.nearest(question, most)
        self._let_go(of)
        return found

    def holds(self) -> int:
        """Bytes of all copies."""
        with self._lock:
            return sum(matrix.bytes for matrix in self._held.values())

    def _let_go(self, but: Of) -> None:
        with self._lock:
            for of in [one for one in self._held if one != but]:
                if sum(matrix.bytes for matrix in self._held.values()) <= self._most_bytes:
                    return
                del self._held[of]


def _bring_up_to_date(matrix: Matrix, of: Of, space: MemorySpace) -> None:
    if space.erased - matrix.erased > max(100, _ERASED_SHARE * matrix.count):
        matrix.version, matrix.count, matrix.places = -1, 0, {}
        matrix.erased = space.erased
    if matrix.version >= space.version:
        return
    if matrix.version < 0:
        matrix.erased = space.erased
    rows = Memory.objects.filter(space=space, kind=of.kind, model=of.model, stamp__gt=matrix.version, stamp__lte=space.version)
    ids: list[int] = []
    vectors: list[Vector] = []
    for number, vector in rows.order_by("stamp", "pk").values_list("pk", "embedding").iterator(_CHUNK):
        ids.append(number)
        vectors.append(vector)
    matrix.add(ids, vectors)
    matrix.version = space.version


MATRICES: Final = Matrices()
