"""Where a run stands: a fold of its log, and nothing else.

`apply_event` depends only on its two arguments. The state is owned by the caller and
changed in place, because copying it for each event would make long runs quadratic.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import ErrorInfo, IllegalTransition
from orchestrator.engine.ids import ROOT, EdgeId, Json, NodeId, Path, PortName, Scope, is_within
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.channels import reduce_value
from orchestrator.engine.log.effect_state import AttemptFailure, EffectState
from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus


@dataclass(slots=True)
class Activation:
    """One firing of a node. `edges` are the outgoing edges it took."""

    status: NodeStatus
    attempt: int = 1
    started_seq: int = 0
    finished_seq: int = 0
    inputs: dict[PortName, Json] = field(default_factory=dict)
    outputs: dict[PortName, Json] = field(default_factory=dict)
    edges: tuple[EdgeId, ...] = ()
    error: ErrorInfo | None = None
    retry_at_us: int = 0


@dataclass(slots=True)
class ScopeState:
    """What has happened in one set of nodes: the graph itself, or one item's body.

    `parent` is the scope in which the map `node` stands, `index` the item's number.
    """

    parent: Scope = ROOT
    node: NodeId | None = None
    index: int = 0
    label: str = ""
    seed: Json = None
    finished: bool = False
    output: Json = None
    error: ErrorInfo | None = None
    activations: dict[NodeId, dict[int, Activation]] = field(default_factory=dict)
    ended: dict[NodeId, list[Activation]] = field(default_factory=dict)
    """Of each node the activations that have ended or were skipped, in that order."""

    def latest_ended(self, node: NodeId, seq: int) -> Activation | None:
        """The activation of `node` that was the last to end, as of event `seq`."""
        return next((act for act in reversed(self.ended.get(node, ())) if act.finished_seq <= seq), None)


@dataclass(slots=True)
class UsageTotals:
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0
    repeated: int = 0
    """Model calls made again because nobody knew how the first ended; they may be billed twice."""

    def count(self, usage: Usage | None) -> None:
        if usage is None:
            return
        self.calls += 1
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cost_nano_usd += usage.cost_nano_usd


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
    wake_at_us: int | None = None
    scopes: dict[Scope, ScopeState] = field(default_factory=lambda: {ROOT: ScopeState()})
    effects: dict[Path, EffectState] = field(default_factory=dict)
    channels: dict[str, list[tuple[int, Json]]] = field(default_factory=dict)
    usage: UsageTotals = field(default_factory=UsageTotals)
    decisions: set[Path] = field(default_factory=set)
    open_steps: set[tuple[Scope, NodeId, int]] = field(default_factory=set)
    open_effects: set[Path] = field(default_factory=set)

    def channel_as_of(self, name: str, seq: int, initial: Json) -> Json:
        """The value of a channel as it stood after event `seq`."""
        return next((value for written, value in reversed(self.channels.get(name, ())) if written <= seq), initial)

    def waiting(self) -> list[Path]:
        """Effects that wait for a person or a time."""
        return sorted(path for path in self.open_effects if self.effects[path].status is EffectStatus.WAITING)


def fold(log: Iterable[ev.Event]) -> RunState:
    """The state that `log` leads to. Raises IllegalTransition for a log that cannot be."""
    state = RunState()
    for event in log:
        apply_event(state, event)
    return state


def apply_event(state: RunState, event: ev.Event) -> RunState:
    """`state` after `event`. Raises IllegalTransition for a gap in the numbers or an impossible step."""
    if event.seq != state.last_seq + 1:
        raise IllegalTransition(f"Event {event.seq} after event {state.last_seq}, expected {state.last_seq + 1}")
    _APPLY[type(event)](state, event)
    state.last_seq = event.seq
    return state


E = TypeVar("E", bound=ev.Event)
_APPLY: dict[type[ev.Event], Callable[[RunState, ev.Event], None]] = {}


def _applies(kind: type[E]) -> Callable[[Callable[[RunState, E], None]], Callable[[RunState, E], None]]:
    def register(function: Callable[[RunState, E], None]) -> Callable[[RunState, E], None]:
        _APPLY[kind] = function  # type: ignore[assignment]  # looked up by the exact class of the event
        return function

    return register


def _move(state: RunState, status: RunStatus) -> None:
    if not state.status.may_become(status):
        raise IllegalTransition(f"A run that is {state.status} cannot become {status}")
    state.status = status
    if status.terminal:
        _cancel_rest(state, ROOT)


def _cancel_rest(state: RunState, scope: Scope) -> None:
    """What is still going on in a scope that has ended was cancelled."""
    for step in [step for step in state.open_steps if is_within(step[0], scope)]:
        state.scopes[step[0]].activations[step[1]][step[2]].status = NodeStatus.CANCELLED
        state.open_steps.discard(step)
    for path in [path for path in state.open_effects if is_within(path, scope)]:
        state.effects[path].status = EffectStatus.CANCELLED
        state.open_effects.discard(path)


def _activation(state: RunState, event: ev.StepEvent) -> Activation:
    try:
        activation = state.scopes[event.scope].activations[event.node][event.activation]
    except KeyError:
        raise IllegalTransition(f"{event.path} was never started") from None
    if activation.status.ended:
        raise IllegalTransition(f"{event.path} is {activation.status} already")
    return activation


def _end(state: RunState, event: ev.NodeFinished | ev.NodeFailed) -> Activation:
    activation = _activation(state, event)
    activation.finished_seq, activation.outputs, activation.edges = event.seq, event.outputs, event.edges
    state.scopes[event.scope].ended.setdefault(event.node, []).append(activation)
    state.open_steps.discard((event.scope, event.node, event.activation))
    return activation


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
    state.epoch = event.epoch
    state.wake_at_us = None
    if state.status is not RunStatus.PAUSED:
        _move(state, RunStatus.RUNNING)


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
    state.output = event.output
    _move(state, RunStatus.SUCCEEDED)


@_applies(ev.RunFailed)
def _run_failed(state: RunState, event: ev.RunFailed) -> None:
    state.error = event.error
    _move(state, RunStatus.FAILED)


@_applies(ev.RunCancelled)
def _run_cancelled(state: RunState, event: ev.RunCancelled) -> None:
    _move(state, RunStatus.CANCELLED)


@_applies(ev.RunCrashed)
def _run_crashed(state: RunState, event: ev.RunCrashed) -> None:
    _move(state, RunStatus.CRASHED)


@_applies(ev.RunLimitExceeded)
def _run_limit_exceeded(state: RunState, event: ev.RunLimitExceeded) -> None:
    state.error = event.error
    _move(state, RunStatus.LIMIT_EXCEEDED)


@_applies(ev.ScopeStarted)
def _scope_started(state: RunState, event: ev.ScopeStarted) -> None:
    if event.scope in state.scopes:
        raise IllegalTransition(f"Scope {event.scope} was started before")
    if event.parent not in state.scopes:
        raise IllegalTransition(f"Scope {event.scope} begins in {event.parent}, which was never started")
    state.scopes[event.scope] = ScopeState(event.parent, event.node, event.index, event.label, event.seed)


@_applies(ev.ScopeFinished)
def _scope_finished(state: RunState, event: ev.ScopeFinished) -> None:
    scope = state.scopes[event.scope]
    if scope.finished:
        raise IllegalTransition(f"Scope {event.scope} has ended already")
    scope.finished, scope.output, scope.error = True, event.output, event.error
    if event.error is not None:
        _cancel_rest(state, event.scope)


@_applies(ev.NodeStarted)
def _node_started(state: RunState, event: ev.NodeStarted) -> None:
    activations = state.scopes[event.scope].activations.setdefault(event.node, {})
    known = activations.get(event.activation)
    if known is None:
        state.steps += 1
        activations[event.activation] = Activation(NodeStatus.RUNNING, event.attempt, event.seq, inputs=event.inputs)
        state.open_steps.add((event.scope, event.node, event.activation))
    elif known.status is NodeStatus.RETRYING and event.attempt == known.attempt + 1:
        known.status, known.attempt = NodeStatus.RUNNING, event.attempt
    else:
        raise IllegalTransition(f"{event.path} is {known.status} already")


@_applies(ev.NodeFinished)
def _node_finished(state: RunState, event: ev.NodeFinished) -> None:
    _end(state, event).status = NodeStatus.SUCCEEDED
    for write in event.writes:
        versions = state.channels.setdefault(write.channel, [])
        before = versions[-1][1] if versions else write.initial
        versions.append((event.seq, reduce_value(write.reducer, before, write.value)))


@_applies(ev.NodeFailed)
def _node_failed(state: RunState, event: ev.NodeFailed) -> None:
    activation = _end(state, event)
    activation.status, activation.error = NodeStatus.FAILED, event.error


@_applies(ev.NodeRetrying)
def _node_retrying(state: RunState, event: ev.NodeRetrying) -> None:
    activation = _activation(state, event)
    activation.status, activation.error, activation.retry_at_us = NodeStatus.RETRYING, event.error, event.retry_at_us


@_applies(ev.NodeSkipped)
def _node_skipped(state: RunState, event: ev.NodeSkipped) -> None:
    scope = state.scopes[event.scope]
    activations = scope.activations.setdefault(event.node, {})
    if event.activation in activations:
        raise IllegalTransition(f"{event.path} has fired already, so it was not skipped")
    skipped = activations[event.activation] = Activation(NodeStatus.SKIPPED, 0, finished_seq=event.seq)
    scope.ended.setdefault(event.node, []).append(skipped)


@_applies(ev.EffectStarted)
def _effect_started(state: RunState, event: ev.EffectStarted) -> None:
    known = state.effects.get(event.path)
    if known is not None:
        if known.status.ended or not event.retried or known.fingerprint != event.fingerprint:
            raise IllegalTransition(f"Effect {event.path} was started before")
        known.status, known.attempts = EffectStatus.RUNNING, known.attempts + 1
        if event.kind == "model":
            state.usage.repeated += 1
        return
    state.open_effects.add(event.path)
    state.effects[event.path] = EffectState(
        kind=event.kind,
        name=event.name,
        agent=event.agent,
        fingerprint=event.fingerprint,
        status=EffectStatus.WAITING if event.waits else EffectStatus.RUNNING,
        started_seq=event.seq,
        safety=event.safety,
        idempotency_key=event.idempotency_key,
        request=event.request,
        gate=event.gate,
    )


@_applies(ev.EffectFinished)
def _effect_finished(state: RunState, event: ev.EffectFinished) -> None:
    effect = _end_effect(state, event)
    effect.status, effect.result = EffectStatus.SUCCEEDED, event.result


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
    if event.path in state.effects:
        raise IllegalTransition(f"Effect {event.path} was started before, so it cannot be refused")
    state.effects[event.path] = EffectState(
        kind=event.kind,
        name=event.name,
        agent=event.agent,
        fingerprint=event.fingerprint,
        status=EffectStatus.REFUSED,
        started_seq=event.seq,
        request=event.request,
        gate=event.gate,
    )


@_applies(ev.EffectUnknown)
def _effect_unknown(state: RunState, event: ev.EffectUnknown) -> None:
    _effect(state, event.path).status = EffectStatus.UNKNOWN


@_applies(ev.ReplayAdopted)
def _replay_adopted(state: RunState, event: ev.ReplayAdopted) -> None:
    effect = state.effects.get(event.path)
    if effect is None or effect.status is not EffectStatus.SUCCEEDED:
        raise IllegalTransition(f"Effect {event.path} has no result that could be adopted")
    effect.adopted, effect.fingerprint = True, event.fingerprint


@_applies(ev.Decision)
def _decision(state: RunState, event: ev.Decision) -> None:
    state.decisions.add(event.path)
