"""What one piece of work may take, and how it is said that it took more."""

from dataclasses import dataclass
from typing import Final

from orchestrator.engine.errors import LimitExceeded


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """`cpu_s`: seconds of processor time; `wall_s`: seconds until it is stopped whatever it waits for;
    `memory_bytes`: address space of the process; `answer_bytes`: of what it gives back, as JSON.
    """

    cpu_s: int = 2
    wall_s: float = 15.0
    memory_bytes: int = 640 * 1024 * 1024
    answer_bytes: int = 16 * 1024 * 1024


DOCUMENT_LIMITS: Final = WorkLimits(cpu_s=10, wall_s=45.0, memory_bytes=1024 * 1024 * 1024)
"""For a whole document: 20,000 nodes take about 2 s."""


class TookTooMuch(LimitExceeded):
    """It took more time or memory than one evaluation may."""

    cure = "Make the expression, the schema or the data that it goes through smaller, or split the work over several nodes."
