"""Where a run, a node and an effect can stand, and which steps lead from where to where."""

from enum import StrEnum


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    LIMIT_EXCEEDED = "limit_exceeded"

    @property
    def terminal(self) -> bool:
        return self in _ENDS

    def may_become(self, status: "RunStatus") -> bool:
        return status in _NEXT[self]


_END = frozenset({RunStatus.CANCELLED, RunStatus.CRASHED, RunStatus.FAILED})
_NEXT: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: _END | {RunStatus.RUNNING},
    RunStatus.RUNNING: _END | {RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED, RunStatus.SUCCEEDED, RunStatus.LIMIT_EXCEEDED},
    RunStatus.WAITING: _END | {RunStatus.RUNNING},
    RunStatus.PAUSED: _END | {RunStatus.RUNNING},
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
    RunStatus.CRASHED: frozenset(),
    RunStatus.LIMIT_EXCEEDED: frozenset(),
}
_ENDS = frozenset(status for status, following in _NEXT.items() if not following)


def run_transitions() -> list[tuple[RunStatus, RunStatus]]:
    """Every allowed transition, as (from, to); the drawn diagram is made of these."""
    return [(old, new) for old, following in _NEXT.items() for new in sorted(following) if new != old]


class NodeStatus(StrEnum):
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in _STEPS_GOING_ON


class EffectStatus(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in _EFFECTS_GOING_ON


_STEPS_GOING_ON = frozenset({NodeStatus.RUNNING, NodeStatus.RETRYING})
_EFFECTS_GOING_ON = frozenset({EffectStatus.RUNNING, EffectStatus.WAITING, EffectStatus.UNKNOWN})
