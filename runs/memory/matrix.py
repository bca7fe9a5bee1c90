"""Copies of the vectors of memories in a worker, for databases that cannot compare vectors.

A copy belongs to one space of one tenant. It takes in what was written since, by the space's version; what has gone is found
missing when the rows are read, and dropped then.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db.models import Q, QuerySet
from django.utils import timezone

from runs.models import Memory, MemorySpace
from runs.vector_field import Vector
from tenants.isolation.scope import current_tenant_id

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of all copies of this process: 100,000 memories of the local model are 103 MB. The copy that was not asked for longest goes first.

What one space has beyond them is read from the database for every question: slowly, but it is found.
"""
_ERASED_SHARE: Final = 0.1
"""So much of a copy may have gone before it is read anew."""
BLOCK: Final = 4_096
"""Rows that a copy grows by, and that are read at once."""

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]


class Of(NamedTuple):
    """Whose vectors: of one tenant's space, one kind, one model and one size."""

    tenant: UUID
    space: int
    kind: str
    model: str
    size: int


class Alike(NamedTuple):
    """Some memories, and how alike each is to what was asked."""

    ids: Ids
    scores: Rows

    def best(self, most: int) -> "Alike":
        if len(self.ids) <= most:
            return self
        places = np.argpartition(self.scores, len(self.scores) - most)[-most:]
        return Alike(self.ids[places], self.scores[places])

    def and_also(self, other: "Alike") -> "Alike":
        return Alike(np.concatenate((self.ids, other.ids)), np.concatenate((self.scores, other.scores)))


class Matrix:
    """`count` vectors in blocks of rows, in no order. Everything stamped up to `version` is in it."""

    def __init__(self, size: int) -> None:
        self.version = -1
        self.erased = 0
        self.count = 0
        self.lock = threading.Lock()
        self._size = size
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._blocks: list[Rows] = []

    @property
    def bytes(self) -> int:
        return self._ids.nbytes + sum(block.nbytes for block in self._blocks)

    def add(self, ids: Ids, rows: Rows) -> None:
        """Vectors of memories; those of the same ids from before count no more."""
        self.drop(ids)
        begun = 0
        while begun < len(ids):
            block, inside = divmod(self.count, BLOCK)
            if block == len(self._blocks):
                self._blocks.append(np.zeros((BLOCK, self._size), dtype=np.float32))
                self._ids = np.concatenate((self._ids, np.zeros(BLOCK, dtype=np.int64)))
            taken = min(BLOCK - inside, len(ids) - begun)
            self._blocks[block][inside : inside + taken] = rows[begun : begun + taken]
            self._ids[self.count : self.count + taken] = ids[begun : begun + taken]
            self.count, begun = self.count + taken, begun + taken

    def drop(self, ids: Ids) -> None:
        """The last row takes the place of each that goes."""
        if not self.count or not len(ids):
            return
        for place in np.flatnonzero(np.isin(self._ids[: self.count], ids))[::-1]:
            self.count -= 1
            self._ids[place] = self._ids[self.count]
            self._row(int(place))[:] = self._row(self.count)
        held = -(-self.count // BLOCK)
        del self._blocks[held:]
        self._ids = self._ids[: held * BLOCK].copy() if held * BLOCK < len(self._ids) else self._ids

    def clear(self) -> None:
        self.version, self.count, self._blocks, self._ids = -1, 0, [], np.zeros(0, dtype=np.int64)

    def nearest(self, question: Vector, most: int) -> Alike:
        """The most alike, in no order.

        Not by matmul: that divides the work among the processors, and waits for the last of them while others are at work there.
        """
        scores = np.empty(self.count, dtype=np.float32)
        for number, block in enumerate(self._blocks):
            begun, end = number * BLOCK, min(self.count, (number + 1) * BLOCK)
            np.einsum("ij,j->i", block[: end - begun], question, out=scores[begun:end])
        return Alike(self._ids[: self.count], scores).best(most)

    def _row(self, place: int) -> Rows:
        row: Rows = self._blocks[place // BLOCK][place % BLOCK]
        return row


class Matrices:
    """The copies of this process. They never hold more than `most_bytes`, but for the one block that a copy is growing by."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Of, Matrix] = OrderedDict()

    def nearest(self, space: MemorySpace, kind: str, model: str, question: Vector, most: int) -> list[int]:
        """The ids of the memories most like a question. The space's row was read in the scope of its tenant just now."""
        of = _of(space, kind, model, question)
        with self._lock:
            matrix = self._held.setdefault(of, Matrix(of.size))
            self._held.move_to_end(of)
        with matrix.lock:
            _bring_up_to_date(matrix, of, space, self._most_bytes, lambda: self._let_go(of))
            found = matrix.nearest(question, most)
            if matrix.version < space.version:
                for _, ids, rows in _written(of, matrix.version, space.version):
                    found = found.and_also(Alike(ids, rows @ question)).best(most)
        return list(dict.fromkeys(map(int, found.ids)))

    def drop(self, space: MemorySpace, kind: str, model: str, question: Vector, ids: Iterable[int]) -> None:
        """These are not there any more."""
        with self._lock:
            matrix = self._held.get(_of(space, kind, model, question))
        if matrix is not None:
            with matrix.lock:
                matrix.drop(np.fromiter(ids, dtype=np.int64))

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


def _of(space: MemorySpace, kind: str, model: str, question: Vector) -> Of:
    return Of(current_tenant_id(), space.pk, kind, model, len(question))


def _bring_up_to_date(matrix: Matrix, of: Of, space: MemorySpace, most_bytes: int, grown: Callable[[], None]) -> None:
    """`grown` is called after each block. What would be more than `most_bytes` is not taken in: then the version stays behind."""
    if space.erased - matrix.erased > max(100, _ERASED_SHARE * matrix.count):
        matrix.clear()
    if matrix.version < 0:
        matrix.erased = space.erased
    if matrix.version >= space.version:
        return
    room = max(0, most_bytes // (BLOCK * (4 * of.size + 8))) * BLOCK
    for stamps, ids, rows in _written(of, matrix.version, space.version):
        taken = min(len(ids), room - matrix.count)
        if taken <= 0:
            return
        matrix.add(ids[:taken], rows[:taken])
        matrix.version = int(stamps[taken - 1])
        grown()
        if taken < len(ids):
            return
    matrix.version = space.version


def _written(of: Of, after: int, until: int) -> Iterator[tuple[Ids, Ids, Rows]]:
    """Stamps, ids and vectors of what was written after one version until another, in the order of writing."""
    rows: QuerySet[Memory] = Memory.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        space=of.space,
        kind=of.kind,
        model=of.model,
        dimension=of.size,
        stamp__gt=after,
        stamp__lte=until,
    )
    listed = rows.order_by("stamp", "pk").values_list("stamp", "pk", "embedding").iterator(BLOCK)
    while batch := list(islice(listed, BLOCK)):
        stamps, ids, vectors = zip(*batch, strict=True)
        yield np.array(stamps, dtype=np.int64), np.array(ids, dtype=np.int64), np.stack(vectors)


MATRICES: Final = Matrices()
