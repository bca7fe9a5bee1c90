"""What the log can never say: the fold refuses impossible steps instead of guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.errors import ErrorCode, ErrorInfo, IllegalTransition
from orchestrator.engine.ids import ROOT, NodeId, Path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState, apply_event, fold
from orchestrator.engine.log.status import RunStatus

ERROR = ErrorInfo(code=ErrorCode.INTERNAL, message="x")
STEP = {"path": Path("a#1"), "scope": ROOT, "node": NodeId("a"), "activation": 1}
BEGUN = [ev.RunStarted(seq=1), RunClaimed(seq=2, worker="w", epoch=1, cause="first")]
ITEM = {"scope": "m#1/item.0", "parent": ROOT, "node": "m", "index": 0}
EFFECT = {"path": Path("a#1/tool.1"), "kind": "tool", "fingerprint": "f"}


def after(*events: ev.Event) -> RunState:
    numbered = [event.model_copy(update={"seq": index}) for index, event in enumerate([*BEGUN, *events], start=1)]
    return fold(numbered)


@pytest.mark.parametrize(
    "events",
    [
        [ev.RunStarted()],
        [RunClaimed(worker="w", epoch=1, cause="takeover")],
        [ev.RunSucceeded(), ev.RunFailed(error=ERROR)],
        [ev.RunSuspended(), ev.RunSucceeded()],
        [ev.RunUnpaused(), ev.RunPaused(), ev.RunSuspended()],
        [ev.NodeFinished(**STEP)],
        [ev.NodeStarted(**STEP), ev.NodeStarted(**STEP)],
        [ev.NodeStarted(**STEP), ev.NodeFinished(**STEP), ev.NodeFailed(**STEP, error=ERROR)],
        [ev.NodeStarted(**STEP), ev.NodeSkipped(**STEP)],
        [ev.EffectFinished(path=Path("a#1/tool.1"))],
        [ev.EffectStarted(**EFFECT), ev.EffectStarted(**EFFECT)],
        [ev.EffectStarted(**EFFECT), ev.EffectFinished(path=EFFECT["path"]), ev.EffectFailed(path=EFFECT["path"], error=ERROR)],
        [ev.EffectStarted(**EFFECT), ev.EffectFinished(path=EFFECT["path"]), ev.EffectRefused(**EFFECT, gate={"verdict": "deny"})],
        [ev.EffectStarted(**EFFECT, waits=True), ev.EffectRefused(**EFFECT, gate={"verdict": "deny"})],
        [ev.EffectReused(path=EFFECT["path"], of="b#1/tool.1")],
        [ev.EffectStarted(**EFFECT), ev.EffectReused(path="a#1~2/tool.1", of=EFFECT["path"])],
        [ev.ScopeStarted(**ITEM), ev.ScopeStarted(**ITEM)],
        [ev.ScopeStarted(**ITEM), ev.ScopeFinished(scope="m#1/item.0"), ev.ScopeFinished(scope="m#1/item.0")],
    ],
)
def test_impossible_log_is_refused(events: list[ev.Event]) -> None:
    with pytest.raises(IllegalTransition):
        after(*events)


@pytest.mark.parametrize("seq", [0, 1, 2, 4, 99])
def test_gap_or_repetition_in_the_numbers_is_refused(seq: int) -> None:
    state = after()
    with pytest.raises(IllegalTransition, match="expected 3"):
        apply_event(state, ev.RunSucceeded(seq=seq))


RUN_EVENTS: list[ev.Event] = [
    ev.RunSuspended(),
    ev.RunPaused(),
    ev.RunUnpaused(),
    ev.RunSucceeded(),
    ev.RunFailed(error=ERROR),
    ev.RunCancelled(),
    ev.RunCrashed(detector="test"),
    ev.RunLimitExceeded(error=ERROR),
]


@given(st.lists(st.sampled_from(RUN_EVENTS), max_size=12))
def test_f11_whatever_comes_in_whatever_order_the_run_stays_in_one_legal_state(wanted: list[ev.Event]) -> None:
    state, ended = after(), 0
    for event in wanted:
        before = state.status
        try:
            apply_event(state, event.model_copy(update={"seq": state.last_seq + 1}))
        except IllegalTransition:
            assert state.status is before
            continue
        assert before is state.status or before.may_become(state.status)
        ended += state.status.terminal
    assert ended <= 1
    assert state.status in RunStatus


def test_what_is_open_when_a_run_ends_is_cancelled() -> None:
    state = after(ev.NodeStarted(**STEP), ev.EffectStarted(**EFFECT), ev.RunCancelled())
    assert state.open_steps == set() and state.open_effects == set()
    assert state.effects[Path("a#1/tool.1")].status == "cancelled"
    assert state.scopes[ROOT].activations[NodeId("a")][1].status == "cancelled"
