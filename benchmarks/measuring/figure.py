"""One measured figure, beside its floor, its peers and its goal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours`, `floor`, `goal` and what each of the `peers` took, by its name, are in `unit`.

    `more_is_better` for rates; None where nothing was measured.
    """

    name: str
    unit: str
    ours: float
    goal: float | None = None
    floor: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)
    more_is_better: bool = False

    @classmethod
    def of_race(cls, name: str, unit: str, taken: Mapping[str, float], goal: float | None = None) -> Self:
        """`taken`, in `unit`, of the contenders `ours`, `floor` if it ran, and of every peer by its name."""
        peers = {who: value for who, value in taken.items() if who not in ("ours", "floor")}
        return cls(name, unit, taken["ours"], goal, taken.get("floor"), peers)

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ours > self.goal if self.more_is_better else self.ours < self.goal

    @property
    def best_peer(self) -> str | None:
        """The name of the peer that does best."""
        if not self.peers:
            return None
        return (max if self.more_is_better else min)(self.peers, key=self.peers.__getitem__)

    @property
    def times_best_peer(self) -> float | None:
        """How many times as good as the best peer."""
        if self.best_peer is None or not self.ours:
            return None
        best = self.peers[self.best_peer]
        return self.ours / best if self.more_is_better else best / self.ours


HEADER = ("measurement", "unit", "ours", "floor", "best peer", "", "ours is", "goal", "")


def table(figures: list[Figure]) -> str:
    rows = [HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    best = figure.best_peer
    better = f"{figure.times_best_peer:.1f} x as good" if figure.times_best_peer is not None else ""
    sign = ">" if figure.more_is_better else "<"
    goal = f"{sign} {_number(figure.goal)}" if figure.goal is not None else ""
    met = {None: "", True: "met", False: "NOT MET"}[figure.met]
    numbers = (_number(figure.ours), _number(figure.floor), _number(figure.peers[best] if best else None))
    return (figure.name, figure.unit, *numbers, best or "", better, goal, met)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    left = {0, 1, 5, 8}
    cells = [
        cell.ljust(width) if column in left else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
