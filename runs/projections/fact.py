"""Events as projections read them: each with the start of the effect that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Path, is_within
from orchestrator.engine.log import events as ev

OpenEffects = dict[Path, ev.EffectStarted]
"""The effects of a run that have started and not ended, by path."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`begun` is how the effect of this event started; None for events about no effect, and when that is not known.

    `cut_off` are the effects that this event ended without a word of their own: those of a failed attempt or item.
    """

    event: ev.Event
    begun: ev.EffectStarted | None = None
    cut_off: tuple[ev.EffectStarted, ...] = ()

    @property
    def at(self) -> datetime:
        return moment(self.event.at_us)


def facts_of(events: Sequence[ev.Event], open_effects: OpenEffects) -> list[Fact]:
    """The facts of one run's next events. `open_effects` is kept from one call to the next."""
    facts: list[Fact] = []
    for event in events:
        begun: ev.EffectStarted | None = None
        cut_off: tuple[ev.EffectStarted, ...] = ()
        if isinstance(event, ev.EffectStarted):
            open_effects[event.path] = event
        elif isinstance(event, ev.EffectAttemptFailed):
            begun = open_effects.get(event.path)
        elif isinstance(event, ev.EffectFinished | ev.EffectFailed | ev.EffectRefused):
            begun = open_effects.pop(event.path, None)
        elif isinstance(event, ev.NodeFailed | ev.NodeRetrying):
            cut_off = _below(event.path, open_effects)
        elif isinstance(event, ev.ScopeFinished) and event.error is not None:
            cut_off = _below(event.scope, open_effects)
        facts.append(Fact(event, begun, cut_off))
    return facts


def _below(path: str, open_effects: OpenEffects) -> tuple[ev.EffectStarted, ...]:
    """Take the effects below `path` out. Unsafe ones stay, with what is asked about them: a person has to say what became of them."""
    below = [found for found in open_effects if is_within(found, Path(path))]
    unsafe = [found for found in below if open_effects[found].safety is Safety.UNSAFE]
    ended = [found for found in below if not any(is_within(found, stays) for stays in unsafe)]
    return tuple(open_effects.pop(found) for found in ended)


def moment(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1_000_000, UTC)
