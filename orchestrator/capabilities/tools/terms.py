"""On which terms a tool is called: how often it is tried, how often a workspace may call it, how long a call may take."""

from dataclasses import dataclass
from typing import Final

from orchestrator.engine.errors import ToolError

MOST_RETRIES: Final = 10
LONGEST_WAIT_S: Final = 60.0
"""Between two tries. A tool that asks for more is not tried again: the run would hold its worker for nothing."""


@dataclass(frozen=True, slots=True)
class Retry:
    """`times`: how often a call that failed is made again. `wait_s`: before the first of them; twice as long before each other.

    A failure that says it passes is tried again, and every exception of a type in `on`.
    """

    times: int = 0
    wait_s: float = 0.5
    on: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.times <= MOST_RETRIES or not 0 < self.wait_s <= LONGEST_WAIT_S:
            raise ValueError(
                f"Retry(times={self.times}, wait_s={self.wait_s:g}): times is 0 to {MOST_RETRIES}, wait_s 0 to {LONGEST_WAIT_S:g}"
            )

    def wait_after(self, failures: int, error: ToolError) -> float | None:
        """Seconds until the next try after so many that failed, the last with `error`; None when there is none."""
        passes = error.info.retryable or isinstance(error.__cause__, self.on)
        wait = max(self.wait_s * 2 ** (failures - 1), error.info.retry_after_s or 0.0)
        return wait if passes and failures <= self.times and wait <= LONGEST_WAIT_S else None


NEVER_AGAIN: Final = Retry()


@dataclass(frozen=True, slots=True)
class Lowered:
    """What a workspace allows a tool less than the tool allows itself; None where it says nothing."""

    timeout_s: float | None = None
    retries: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """`per_minute`: calls of one workspace, every try counted; None for as many as it wants."""

    timeout_s: float
    retry: Retry = NEVER_AGAIN
    per_minute: int | None = None

    def within(self, lowered: Lowered) -> "Terms":
        """The terms of a workspace: never more than the tool's own."""
        most = [count for count in (self.per_minute, lowered.per_minute) if count is not None]
        times = self.retry.times if lowered.retries is None else min(self.retry.times, lowered.retries)
        return Terms(
            timeout_s=self.timeout_s if lowered.timeout_s is None else min(self.timeout_s, lowered.timeout_s),
            retry=Retry(times, self.retry.wait_s, self.retry.on),
            per_minute=min(most, default=None),
        )
