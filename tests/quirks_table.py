"""The table of what model servers do and what runs see of it, printed at the end of the tests."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import pytest

PROPERTY = "quirk"


@dataclass(frozen=True, order=True)
class Seen:
    """One line: what the server does, by which way it was asked, what the run sees, and how often the server was called for it."""

    quirk: str
    way: str
    seen: str
    calls: int


def noted(request: pytest.FixtureRequest, seen: Seen) -> None:
    """Properties travel with a test's report, from other processes too."""
    request.node.user_properties.append((PROPERTY, astuple(seen)))


def write_table(terminal: pytest.TerminalReporter) -> None:
    rows = {Seen(*value) for report in _reports(terminal) for name, value in report.user_properties if name == PROPERTY}
    merged: dict[tuple[str, str, int], list[str]] = {}
    for row in sorted(rows):
        merged.setdefault((row.quirk, row.seen, row.calls), []).append(row.way)
    if not merged:
        return
    terminal.section("what model servers do, and what runs see")
    widest = max(len(quirk) for quirk, _, _ in merged)
    for (quirk, seen, calls), ways in merged.items():
        terminal.write_line(f"{quirk:<{widest}} | {seen} | {calls} call{'' if calls == 1 else 's'} | {', '.join(ways)}")


def _reports(terminal: pytest.TerminalReporter) -> Iterable[pytest.TestReport]:
    return [report for report in terminal.getreports("passed") if report.when == "call"]
