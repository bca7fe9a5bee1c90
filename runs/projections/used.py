"""What model calls used: tokens, money, and how many calls it was."""

from dataclasses import dataclass
from typing import ClassVar

from orchestrator.engine.effects.model import Usage
from orchestrator.engine.log import events as ev
from runs.projections.fact import Fact


@dataclass(slots=True)
class Used:
    """Sums over calls. Money in nano-dollars."""

    FIELDS: ClassVar[tuple[str, ...]] = ("calls", "input_tokens", "output_tokens", "cost_nano_usd")

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0

    def add(self, usage: Usage | None) -> None:
        if usage is not None:
            self.calls += 1
            self.input_tokens += usage.input_tokens
            self.output_tokens += usage.output_tokens
            self.cost_nano_usd += usage.cost_nano_usd


def used_by(fact: Fact) -> Usage | None:
    """The usage that an event reports: of an effect that ended, however it ended, or of an attempt that failed on the way."""
    return fact.event.usage if isinstance(fact.event, ev.EffectFinished | ev.EffectFailed | ev.EffectAttemptFailed) else None
