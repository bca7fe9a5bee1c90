"""Whatever comes in whatever order: an event is applied whole or not at all, and what it leads to fits together."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.errors import IllegalTransition
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.effect_state import UsageTotals
from orchestrator.engine.log.run_state import RunState, apply_event, fold
from orchestrator.engine.log.status import EffectStatus, NodeStatus
from tests.engine.log.event_soup import ERROR, KINDS, events

BEGUN: list[ev.Event] = [
    ev.RunStarted(seq=1, at_us=5),
    ev.RunClaimed(seq=2, at_us=5, worker="w", epoch=1, cause="first"),
    ev.NodeStarted(seq=3, path="a#1", scope="", node="a", activation=1),  # type: ignore[arg-type]  # names are texts
    ev.ScopeStarted(seq=4, scope="m#1/item.0", parent="", node="m", index=0),  # type: ignore[arg-type]
    ev.ScopeStarted(seq=5, scope="m#1/item.1", parent="", node="m", index=1),  # type: ignore[arg-type]
]


def require_sound(state: RunState) -> None:
    """What is kept twice, to be found quickly, says the same in both places."""
    activations = {
        (scope, node, number): activation
        for scope, inner in state.scopes.items()
        for node, numbers in inner.activations.items()
        for number, activation in numbers.items()
    }
    assert state.open_steps == {step for step, activation in activations.items() if not activation.status.ended}
    unended = {path for path, effect in state.effects.items() if not effect.status.ended}
    if state.status.terminal:
        assert state.open_steps == state.open_effects == set()
        assert all(state.effects[path].status is EffectStatus.UNKNOWN for path in unended), "only nobody knows how these ended"
    else:
        assert state.open_effects == unended
    for inner in state.scopes.values():
        assert inner.parent in state.scopes
        assert inner.failure is None or any(not one.handled for acts in inner.activations.values() for one in acts.values())
        for node, ended in inner.ended.items():
            assert [one.finished_seq for one in ended] == sorted({one.finished_seq for one in ended})
            assert {id(one) for one in ended} <= {id(one) for one in inner.activations[node].values()}
            assert all(one.status in (NodeStatus.SUCCEEDED, NodeStatus.FAILED, NodeStatus.SKIPPED) for one in ended)
    assert all(state.effects[path].idempotency_key == key for key, paths in state.calls.items() for path in paths)
    assert state.steps == sum(one.status is not NodeStatus.SKIPPED for one in activations.values())


@settings(max_examples=250, deadline=None)
@given(st.lists(events(), max_size=25))
def test_any_events_in_any_order(wanted: list[ev.Event]) -> None:
    log = list(BEGUN)
    state = fold(log)
    for event in wanted:
        numbered = event.model_copy(update={"seq": state.last_seq + 1})
        before = deepcopy(state)
        try:
            apply_event(state, numbered)
        except IllegalTransition as refused:
            assert state == before, f"{numbered.type} was refused and changed something: {refused}"
            continue
        log.append(numbered)
        require_sound(state)
        assert (state.last_seq, state.last_at_us) == (numbered.seq, numbered.at_us)
        assert state.worked_us >= before.worked_us and state.epoch >= before.epoch
        assert before.status is state.status or before.status.may_become(state.status)
    assert fold(log) == state, "the same log leads to the same state"


@settings(max_examples=250, deadline=None)
@given(st.lists(events(), max_size=25))
def test_usage_is_that_of_all_events_that_name_one(wanted: list[ev.Event]) -> None:
    state, expected, repeated = fold(BEGUN), UsageTotals(), 0
    for event in wanted:
        known = getattr(event, "path", "") in state.effects
        try:
            apply_event(state, event.model_copy(update={"seq": state.last_seq + 1}))
        except IllegalTransition:
            continue
        expected.count(getattr(event, "usage", None))
        repeated += isinstance(event, ev.EffectStarted) and known and event.kind == "model"
    expected.repeated = repeated
    assert state.usage == expected


ENDS: list[ev.Event] = [
    ev.RunSucceeded(output=1),
    ev.RunFailed.model_validate({"error": ERROR}),
    ev.RunCancelled(),
    ev.RunCrashed(detector="d"),
    ev.RunLimitExceeded.model_validate({"error": ERROR}),
]


@given(events(), st.sampled_from(ENDS))
def test_nothing_follows_the_end_of_a_run(event: ev.Event, end: ev.Event) -> None:
    state = fold([*BEGUN, end.model_copy(update={"seq": 6})])
    before = deepcopy(state)
    with pytest.raises(IllegalTransition) as caught:
        apply_event(state, event.model_copy(update={"seq": 7}))
    assert caught.value.info.message == f"The run is {state.status} already, so {event.type} cannot follow"
    assert state == before


def test_the_soup_has_every_type() -> None:
    assert len(KINDS) == 34
