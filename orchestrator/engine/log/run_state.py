"""Where a run stands: a fold of its log, and nothing else.

`apply_event` depends only on its two arguments. The state is owned by the caller and
changed in place, because copying it for each event would make long runs quadratic.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import EngineError, ErrorInfo, IllegalTransition
from orchestrator.engine.ids import ROOT, Json, NodeId, Path, Scope, is_within
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.channels import ChannelState, check_writes, take_writes
from orchestrator.engine.log.effect_state import AttemptFailure, EffectState, UsageTotals
from orchestrator.engine.log.note_state import NoteState
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus


@dataclass(slots=True)
class RunState:
    status: RunStatus = RunStatus.QUEUED
    last_seq: int = 0
    started_at_us: int = 0
    input: Json = None
    output: Json = None
    error: ErrorInfo | None = None
    steps: int = 0
    epoch: int = 0
    build: str = ""
    """Of the worker that claimed it last."""
    wake_at_us: int | None = None
    last_at_us: int = 0
    worked_us: int = 0
    """How long workers had it; the time in which it waited or was paused does not count."""
    scopes: dict[Scope, ScopeState] = field(default_factory=lambda: {ROOT: ScopeState()})
    effects: dict[Path, EffectState] = field(default_factory=dict)
    calls: dict[str, list[Path]] = field(default_factory=dict)
    """The effects by idempotency key: those of several attempts that make the same call."""
    channels: dict[str, ChannelState] = field(default_factory=dict)
    usage: UsageTotals = field(default_factory=UsageTotals)
    notes: NoteState = field(default_factory=NoteState)
    open_steps: set[tuple[Scope, NodeId, int]] = field(default_factory=set)
    open_effects: set[Path] = field(default_factory=set)

    def channel_as_of(self, name: str, seq: int, initial: Json) -> Json:
        """The value of a channel as it stood after event `seq`."""
        channel = self.channels.get(name)
        return initial if channel is None else channel.as_of(seq)

    def waiting(self) -> list[Path]:
        """Effects that wait for a person or a time."""
        return sorted(path for path in self.open_effects if self.effects[path].status is EffectStatus.WAITING)

    def open_questions(self) -> int:
        """How many people are asked at the moment."""
        open_ones = map(self.effects.__getitem__, self.open_effects)
        return sum(effect.kind == "human" and effect.status is EffectStatus.WAITING for effect in open_ones)

    def cut_off(self, below: Path | Scope) -> list[Path]:
        """Unsafe effects below a path that were begun and of which nobody knows how they ended."""
        open_ones = [path for path in self.open_effects if is_within(path, below)]
        return sorted(path for path in open_ones if self.effects[path].safety is Safety.UNSAFE)


def fold(log: Iterable[ev.Event]) -> RunState:
    """The state that `log` leads to. Raises IllegalTransition for a log that cannot be."""
    state = RunState()
    for event in log:
        apply_event(state, event)
    return state


def apply_event(state: RunState, event: ev.Event) -> RunState:
    """`state` after `event`. Raises IllegalTransition for a gap in the numbers or an impossible step.

    The event is applied whole or not at all: every function below looks at everything before it changes anything.
    """
    if event.seq != state.last_seq + 1:
        raise IllegalTransition(f"Event {event.seq} after event {state.last_seq}, expected {state.last_seq + 1}")
    at_work = state.status is RunStatus.RUNNING and type(event) is not ev.RunClaimed  # before a claim nobody had it
    if not at_work and state.status.terminal:
        raise IllegalTransition(f"The run is {state.status} already, so {event.type} cannot follow")
    _APPLY[type(event)](state, event)
    if at_work:
        state.worked_us += max(0, event.at_us - state.last_at_us)
    state.last_seq, state.last_at_us = event.seq, event.at_us
    return state


E = TypeVar("E", bound=ev.Event)
_APPLY: dict[type[ev.Event], Callable[[RunState, ev.Event], None]] = {}


def _applies(*kinds: type[E]) -> Callable[[Callable[[RunState, E], None]], Callable[[RunState, E], None]]:
    def register(function: Callable[[RunState, E], None]) -> Callable[[RunState, E], None]:
        _APPLY.update(dict.fromkeys(kinds, function))  # type: ignore[arg-type]  # looked up by the exact class of the event
        return function

    return register


def _move(state: RunState, status: RunStatus) -> None:
    if not state.status.may_become(status):
        raise IllegalTransition(f"A run that is {state.status} cannot become {status}")
    state.status = status
    if status.terminal:
        _cut_off(state, ROOT, for_good=True)
        state.open_effects.clear()


def _cut_off(state: RunState, below: Path | Scope, *, for_good: bool = False) -> None:
    """What is still going on below a path whose work has ended was cancelled.

    Whether an unsafe effect happened is unknown then. It stays open, with what is asked about it,
    until a person has said it or the run has ended for good.
    """
    for step in [step for step in state.open_steps if is_within(step[0], below)]:
        state.scopes[step[0]].activations[step[1]][step[2]].status = NodeStatus.CANCELLED
        state.open_steps.discard(step)
    paths = [path for path in state.open_effects if is_within(path, below)]
    unknown = [path for path in paths if state.effects[path].safety is Safety.UNSAFE]
    for path in paths:
        if path in unknown:
            state.effects[path].status = EffectStatus.UNKNOWN
        elif for_good or not any(is_within(path, Scope(effect)) for effect in unknown):
            state.effects[path].status = EffectStatus.CANCELLED
            state.open_effects.discard(path)


def _scope(state: RunState, name: Scope) -> ScopeState:
    scope = state.scopes.get(name)
    if scope is None:
        raise IllegalTransition(f"Scope {name} was never started")
    return scope


def _activation(state: RunState, event: ev.StepEvent) -> Activation:
    activation = _scope(state, event.scope).activations.get(event.node, {}).get(event.activation)
    if activation is None:
        raise IllegalTransition(f"{event.path} was never started")
    if activation.status.ended:
        raise IllegalTransition(f"{event.path} is {activation.status} already")
    return activation


def _end(state: RunState, event: ev.NodeFinished | ev.NodeFailed, activation: Activation) -> None:
    activation.finished_seq, activation.outputs, activation.edges = event.seq, event.outputs, event.edges
    state.scopes[event.scope].ended.setdefault(event.node, []).append(activation)
    state.open_steps.discard((event.scope, event.node, event.activation))


def _effect(state: RunState, path: Path) -> EffectState:
    effect = state.effects.get(path)
    if effect is None or effect.status.ended:
        raise IllegalTransition(f"Effect {path} is {effect.status if effect else 'not started'}, so it cannot end")
    return effect


def _end_effect(state: RunState, event: ev.EffectFinished | ev.EffectFailed) -> EffectState:
    effect = _effect(state, event.path)
    effect.usage = event.usage
    state.open_effects.discard(event.path)
    state.usage.count(event.usage)
    return effect


@_applies(ev.RunStarted)
def _run_started(state: RunState, event: ev.RunStarted) -> None:
    if state.last_seq:
        raise IllegalTransition("A run starts once")
    state.input = event.input
    state.started_at_us = event.at_us


@_applies(ev.RunClaimed)
def _run_claimed(state: RunState, event: ev.RunClaimed) -> None:
    if event.epoch <= state.epoch:
        raise IllegalTransition(f"Epoch {event.epoch} after epoch {state.epoch}")
    if state.status is not RunStatus.PAUSED:
        _move(state, RunStatus.RUNNING)
    state.epoch, state.build = event.epoch, event.build
    state.wake_at_us = None


@_applies(ev.RunSuspended)
def _run_suspended(state: RunState, event: ev.RunSuspended) -> None:
    _move(state, RunStatus.WAITING)
    state.wake_at_us = event.wake_at_us


@_applies(ev.RunPaused)
def _run_paused(state: RunState, event: ev.RunPaused) -> None:
    _move(state, RunStatus.PAUSED)


@_applies(ev.RunUnpaused)
def _run_unpaused(state: RunState, event: ev.RunUnpaused) -> None:
    _move(state, RunStatus.RUNNING)


@_applies(ev.RunSucceeded)
def _run_succeeded(state: RunState, event: ev.RunSucceeded) -> None:
    _move(state, RunStatus.SUCCEEDED)
    state.output = event.output


@_applies(ev.RunFailed)
def _run_failed(state: RunState, event: ev.RunFailed) -> None:
    _move(state, RunStatus.FAILED)
    state.error = event.error


@_applies(ev.RunCancelled)
def _run_cancelled(state: RunState, event: ev.RunCancelled) -> None:
    _move(state, RunStatus.CANCELLED)


@_applies(ev.RunCrashed)
def _run_crashed(state: RunState, event: ev.RunCrashed) -> None:
    _move(state, RunStatus.CRASHED)


@_applies(ev.RunLimitExceeded)
def _run_limit_exceeded(state: RunState, event: ev.RunLimitExceeded) -> None:
    _move(state, RunStatus.LIMIT_EXCEEDED)
    state.error = event.error


@_applies(ev.ScopeStarted)
def _scope_started(state: RunState, event: ev.ScopeStarted) -> None:
    if event.scope in state.scopes:
        raise IllegalTransition(f"Scope {event.scope} was started before")
    if event.parent not in state.scopes:
        raise IllegalTransition(f"Scope {event.scope} begins in {event.parent}, which was never started")
    state.scopes[event.scope] = ScopeState(event.parent, event.node, event.index, event.label, event.seed)


@_applies(ev.ScopeFinished)
def _scope_finished(state: RunState, event: ev.ScopeFinished) -> None:
    scope = _scope(state, event.scope)
    if scope.finished:
        raise IllegalTransition(f"Scope {event.scope} has ended already")
    scope.finished, scope.output, scope.error = True, event.output, event.error
    if event.error is not None:
        _cut_off(state, event.scope)


@_applies(ev.NodeStarted)
def _node_started(state: RunState, event: ev.NodeStarted) -> None:
    activations = _scope(state, event.scope).activations.setdefault(event.node, {})
    known = activations.get(event.activation)
    if known is None:
        state.steps += 1
        activations[event.activation] = Activation(NodeStatus.RUNNING, event.attempt, event.seq, 0, event.inputs)
        state.open_steps.add((event.scope, event.node, event.activation))
    elif known.status is NodeStatus.RETRYING and event.attempt == known.attempt + 1:
        known.status, known.attempt, known.error = NodeStatus.RUNNING, event.attempt, None
    else:
        raise IllegalTransition(f"{event.path} is {known.status} already")


@_applies(ev.NodeFinished)
def _node_finished(state: RunState, event: ev.NodeFinished) -> None:
    activation = _activation(state, event)
    if event.writes:
        try:
            check_writes(state.channels, event.writes)
        except EngineError as error:
            raise IllegalTransition(error.info.message) from None
        take_writes(state.channels, event.writes, event.seq)
    _end(state, event, activation)
    activation.status = NodeStatus.SUCCEEDED


@_applies(ev.NodeFailed)
def _node_failed(state: RunState, event: ev.NodeFailed) -> None:
    activation = _activation(state, event)
    _end(state, event, activation)
    activation.status, activation.error, activation.handled = NodeStatus.FAILED, event.error, event.handled
    if not event.handled and state.scopes[event.scope].failure is None:
        state.scopes[event.scope].failure = event.error
    _cut_off(state, event.path)


@_applies(ev.NodeRetrying)
def _node_retrying(state: RunState, event: ev.NodeRetrying) -> None:
    activation = _activation(state, event)
    activation.status, activation.error, activation.retry_at_us = NodeStatus.RETRYING, event.error, event.retry_at_us
    _cut_off(state, event.path)


@_applies(ev.NodeSkipped)
def _node_skipped(state: RunState, event: ev.NodeSkipped) -> None:
    scope = _scope(state, event.scope)
    if event.activation in scope.activations.get(event.node, {}):
        raise IllegalTransition(f"{event.path} has fired already, so it was not skipped")
    skipped = Activation(NodeStatus.SKIPPED, 0, finished_seq=event.seq)
    scope.activations.setdefault(event.node, {})[event.activation] = skipped
    scope.ended.setdefault(event.node, []).append(skipped)


@_applies(ev.EffectStarted)
def _effect_started(state: RunState, event: ev.EffectStarted) -> None:
    known = state.effects.get(event.path)
    if known is not None:
        of_another_build = known.kind == event.kind and known.build != state.build
        if known.status.ended or not event.retried or (known.fingerprint != event.fingerprint and not of_another_build):
            raise IllegalTransition(f"Effect {event.path} was started before")
        known.status, known.attempts, known.fingerprint = EffectStatus.RUNNING, known.attempts + 1, event.fingerprint
        if event.kind == "model":
            state.usage.repeated += 1
        return
    state.open_effects.add(event.path)
    if event.idempotency_key:
        state.calls.setdefault(event.idempotency_key, []).append(event.path)
    status = EffectStatus.WAITING if event.waits else EffectStatus.RUNNING
    begun = EffectState.begun(event, status, state.build)
    begun.safety, begun.idempotency_key = event.safety, event.idempotency_key
    state.effects[event.path] = begun


@_applies(ev.EffectFinished)
def _effect_finished(state: RunState, event: ev.EffectFinished) -> None:
    effect = _end_effect(state, event)
    effect.status, effect.result, effect.by, effect.by_id = EffectStatus.SUCCEEDED, event.result, event.by, event.by_id


@_applies(ev.EffectAttemptFailed)
def _effect_attempt_failed(state: RunState, event: ev.EffectAttemptFailed) -> None:
    failure = AttemptFailure(event.attempt, event.at_us, event.error, event.retry_in_s, event.usage)
    _effect(state, event.path).failures.append(failure)
    state.usage.count(event.usage)


@_applies(ev.EffectFailed)
def _effect_failed(state: RunState, event: ev.EffectFailed) -> None:
    effect = _end_effect(state, event)
    effect.status, effect.error = EffectStatus.FAILED, event.error


@_applies(ev.EffectRefused)
def _effect_refused(state: RunState, event: ev.EffectRefused) -> None:
    known = state.effects.get(event.path)
    if known is not None:
        if known.status.ended or known.status is EffectStatus.WAITING:
            raise IllegalTransition(f"Effect {event.path} is {known.status}, so it cannot be refused")
        known.status, known.gate = EffectStatus.REFUSED, event.gate
        state.open_effects.discard(event.path)
        return
    state.effects[event.path] = EffectState.begun(event, EffectStatus.REFUSED, state.build)


@_applies(ev.EffectReused)
def _effect_reused(state: RunState, event: ev.EffectReused) -> None:
    source = state.effects.get(event.of)
    if event.path in state.effects:
        raise IllegalTransition(f"Effect {event.path} was started before")
    if source is None or source.status is not EffectStatus.SUCCEEDED:
        raise IllegalTransition(f"Effect {event.of} has no result that could be used again")
    state.effects[event.path] = replace(source, started_seq=event.seq, build=state.build, usage=None, attempts=0, failures=[])
    state.calls.setdefault(source.idempotency_key, []).append(event.path)


@_applies(ev.EffectUnknown)
def _effect_unknown(state: RunState, event: ev.EffectUnknown) -> None:
    _effect(state, event.path).status = EffectStatus.UNKNOWN


@_applies(ev.ReplayAdopted)
def _replay_adopted(state: RunState, event: ev.ReplayAdopted) -> None:
    effect = state.effects.get(event.path)
    if effect is None or effect.status is not EffectStatus.SUCCEEDED:
        raise IllegalTransition(f"Effect {event.path} has no result that could be adopted")
    effect.adopted, effect.fingerprint = True, event.fingerprint


@_applies(ev.Decision, ev.Thought, ev.Correction, ev.Planned, ev.Considered, ev.Reflected, ev.Summarised)
def _note(state: RunState, event: ev.Note) -> None:
    state.notes.take(event)


@_applies(ev.AgentTold)
def _agent_told(state: RunState, event: ev.AgentTold) -> None:
    state.notes.tell(event)


@_applies(ev.AgentHeard)
def _agent_heard(state: RunState, event: ev.AgentHeard) -> None:
    state.notes.hear(event)
