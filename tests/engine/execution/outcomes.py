"""What must be the same of two runs of one graph, whatever the order in which things finished in them.

Of all that stands in no failed item: everything. A failed item ends what else goes on in it, so
which of its steps came to their end depends on the order, and which of its errors came first. What
holds of it: it failed in both runs; its error is that of a step of its own; whatever came to its
end in both runs came to the same end; and of no call in it that may not be made twice it is left open whether it happened.
"""

from orchestrator.engine.ids import Json, NodeId, Path, Scope, is_within
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.scope_state import Activation
from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus

Step = tuple[Scope, NodeId, int]
ENDS = (NodeStatus.SUCCEEDED, NodeStatus.FAILED, NodeStatus.SKIPPED)
EFFECT_ENDS = (EffectStatus.SUCCEEDED, EffectStatus.FAILED, EffectStatus.REFUSED)


def require_same_outcome(one: RunState, other: RunState) -> None:
    assert (one.status, _without_errors(one.output)) == (other.status, _without_errors(other.output))
    assert _channels(one) == _channels(other)
    assert _failed(one) == _failed(other), "an item failed in one order and not in the other"
    cut = _failed(one)
    assert {step: end for step, end in _steps(one).items() if not _in(cut, step[0])} == {
        step: end for step, end in _steps(other).items() if not _in(cut, step[0])
    }
    assert {path: end for path, end in _effects(one).items() if not _in(cut, path)} == {
        path: end for path, end in _effects(other).items() if not _in(cut, path)
    }
    _require_same_where_both_ended(one, other)
    for state in (one, other):
        _require_own_errors(state)


def _require_same_where_both_ended(one: RunState, other: RunState) -> None:
    ended = [{step: end for step, end in _steps(state).items() if end[0] in ENDS} for state in (one, other)]
    for step in ended[0].keys() & ended[1].keys():
        assert ended[0][step] == ended[1][step], step
    effects = [{path: end for path, end in _effects(state).items() if end[2] in EFFECT_ENDS} for state in (one, other)]
    for path in effects[0].keys() & effects[1].keys():
        assert effects[0][path] == effects[1][path], path


def _require_own_errors(state: RunState) -> None:
    """A failed item says what one of its own steps failed with, and nothing goes on in it."""
    if state.status is RunStatus.SUCCEEDED:
        assert not [path for path, effect in state.effects.items() if effect.status is EffectStatus.UNKNOWN]
    for name, scope in state.scopes.items():
        steps = [act for numbers in scope.activations.values() for act in numbers.values()]
        if scope.error is not None:
            assert scope.error in [act.error for act in steps if act.status is NodeStatus.FAILED and not act.handled], name
        assert state.status.terminal is False or all(act.status.ended for act in steps), name


def _failed(state: RunState) -> set[Scope]:
    """The items that failed, but none inside another failed one: how far that had come depends on the order."""
    failed = {name for name, scope in state.scopes.items() if scope.error is not None}
    return {name for name in failed if not _in(failed - {name}, name)}


def _in(scopes: set[Scope], path: Path | Scope) -> bool:
    return any(is_within(path, scope) for scope in scopes)


def _steps(state: RunState) -> dict[Step, tuple[NodeStatus, Json, object, int, object]]:
    return {
        (scope, name, number): (act.status, _without_errors(dict(act.outputs)), act.edges, act.attempt, _code(act))  # type: ignore[arg-type]
        for scope, inner in state.scopes.items()
        for name, numbers in inner.activations.items()
        for number, act in numbers.items()
    }


def _code(act: Activation) -> object:
    return None if act.error is None or act.status is not NodeStatus.FAILED else (act.error.code, act.error.message)


def _effects(state: RunState) -> dict[Path, tuple[str, str, EffectStatus, Json]]:
    def end(one: EffectState) -> tuple[str, str, EffectStatus, Json]:
        return one.kind, one.name, one.status, one.result

    return {path: end(one) for path, one in state.effects.items() if "/outcome." not in path}  # a question that only deaths raise


def _channels(state: RunState) -> dict[str, Json]:
    return {name: channel.as_of(state.last_seq) for name, channel in state.channels.items()}


def _without_errors(value: Json) -> Json:
    """The value with every recorded error of an item left open: which of several came first depends on the order."""
    if isinstance(value, list):
        return [_without_errors(inner) for inner in value]
    if isinstance(value, dict):
        if set(value) == {"error"} and isinstance(value["error"], dict) and "code" in value["error"]:
            return {"error": "some"}
        return {name: _without_errors(inner) for name, inner in value.items()}
    return value
