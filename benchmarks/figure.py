"""One measured figure, beside its floor, its peer and its goal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours`, `floor`, `peer` and `goal` are in `unit`. `more_is_better` for rates; None where nothing was measured."""

    name: str
    unit: str
    ours: float
    goal: float | None = None
    floor: float | None = None
    peer: float | None = None
    peer_name: str = ""
    more_is_better: bool = False

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ours > self.goal if self.more_is_better else self.ours < self.goal

    @property
    def times_peer(self) -> float | None:
        """How many times as good as the peer."""
        if not self.peer or not self.ours:
            return None
        return self.ours / self.peer if self.more_is_better else self.peer / self.ours


HEADER = ("measurement", "unit", "ours", "floor", "peer", "", "ours is", "goal", "")


def table(figures: list[Figure]) -> str:
    rows = [HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    better = f"{figure.times_peer:.1f} x as good" if figure.times_peer is not None else ""
    sign = ">" if figure.more_is_better else "<"
    goal = f"{sign} {_number(figure.goal)}" if figure.goal is not None else ""
    met = {None: "", True: "met", False: "NOT MET"}[figure.met]
    numbers = (_number(figure.ours), _number(figure.floor), _number(figure.peer))
    return (figure.name, figure.unit, *numbers, figure.peer_name, better, goal, met)


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
