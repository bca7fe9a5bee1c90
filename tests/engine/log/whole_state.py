"""The whole of what a log was folded to, as JSON: the browser's fold writes the same of its own state."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from orchestrator.engine.ids import ROOT, Json
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.events import Event, NodeFinished
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import NodeStatus


def whole_state(state: RunState, log: Sequence[Event]) -> dict[str, Any]:
    """`log` names the moments at which channels are looked at: after each write."""
    return {
        "status": str(state.status),
        "last_seq": state.last_seq,
        "started_at_us": state.started_at_us,
        "input": state.input,
        "output": state.output,
        "error": plain(state.error),
        "steps": state.steps,
        "epoch": state.epoch,
        "wake_at_us": state.wake_at_us,
        "usage": {name: getattr(state.usage, name) for name in ("calls", "input_tokens", "output_tokens", "cost_nano_usd", "repeated")},
        "scopes": {name: scope_json(scope) for name, scope in state.scopes.items() if name != ROOT},
        "activations": activations(state),
        "effects": {path: effect_json(effect) for path, effect in state.effects.items()},
        "channels": channels(state, log),
        "notes": sorted(state.notes.paths),
        "told": {step: [message.seq for message in messages] for step, messages in state.notes.told.items()},
        "heard": {path: list(told) for path, told in state.notes.heard.items()},
        "waiting": state.waiting(),
    }


def plain(value: BaseModel | None) -> Json:
    data: Json = None if value is None else value.model_dump(mode="json")
    return data


def scope_json(scope: ScopeState) -> dict[str, Any]:
    names = ("parent", "node", "index", "label", "seed", "finished", "output")
    return {name: getattr(scope, name) for name in names} | {"error": plain(scope.error)}


def activations(state: RunState) -> dict[str, Any]:
    return {
        f"{name} {node} {number}": activation_json(activation)
        for name, scope in state.scopes.items()
        for node, numbers in scope.activations.items()
        for number, activation in numbers.items()
    }


def activation_json(activation: Activation) -> dict[str, Any]:
    return {
        "status": str(activation.status),
        "attempt": activation.attempt,
        "begun_seq": activation.started_seq or activation.finished_seq,
        "inputs": activation.inputs,
        "outputs": activation.outputs,
        "edges": list(activation.edges),
        "error": plain(activation.error),
        "retry_at_us": activation.retry_at_us if activation.status is NodeStatus.RETRYING else None,
    }


def effect_json(effect: EffectState) -> dict[str, Any]:
    names = ("kind", "name", "agent", "fingerprint", "status", "safety", "idempotency_key", "request", "result", "attempts", "adopted")
    failures = [
        {"attempt": one.attempt, "at_us": one.at_us, "error": plain(one.error), "retry_in_s": one.retry_in_s, "usage": plain(one.usage)}
        for one in effect.failures
    ]
    records = {"error": plain(effect.error), "usage": plain(effect.usage), "gate": plain(effect.gate)}
    return {name: getattr(effect, name) for name in names} | records | {"failures": failures}


def channels(state: RunState, log: Sequence[Event]) -> dict[str, list[Json]]:
    """The values that each channel has had, one after each write."""
    found: dict[str, list[Json]] = {}
    for event in log:
        for write in event.writes if isinstance(event, NodeFinished) else ():
            found.setdefault(write.channel, []).append(state.channel_as_of(write.channel, event.seq, None))
    return found
