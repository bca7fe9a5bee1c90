"""What the log can never say: the fold refuses impossible steps instead of guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.errors import ErrorCode, ErrorInfo, IllegalTransition
from orchestrator.engine.ids import ROOT, NodeId, Path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState, apply_event, fold
from orchestrator.engine.log.status import RunStatus, run_transitions

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


def test_failed_item_cancels_what_goes_on_in_it_and_not_in_an_item_whose_name_begins_like_its_own() -> None:
    def within(item: str) -> list[ev.Event]:
        scope = f"m#1/{item}"
        step = {"path": f"{scope}/a#1", "scope": scope, "node": "a", "activation": 1}
        effect = {"path": f"{scope}/a#1/tool.1", "kind": "tool", "fingerprint": "f"}
        return [ev.ScopeStarted(scope=scope, parent=ROOT, node="m", index=0), ev.NodeStarted(**step), ev.EffectStarted(**effect)]

    state = after(*within("item.1"), *within("item.10"), ev.ScopeFinished(scope="m#1/item.1", error=ERROR))
    assert state.open_steps == {("m#1/item.10", "a", 1)} and state.open_effects == {"m#1/item.10/a#1/tool.1"}
    assert state.effects[Path("m#1/item.1/a#1/tool.1")].status == "cancelled"


def test_attempt_that_failed_cancels_what_it_left_open_and_nothing_of_a_step_whose_name_begins_like_its_own() -> None:
    begun = [ev.NodeStarted(**STEP), ev.NodeStarted(**{**STEP, "path": "a#10", "activation": 10})]
    effects = [ev.EffectStarted(**{**EFFECT, "path": path}) for path in ("a#1/tool.1", "a#10/tool.1")]
    for end in (ev.NodeRetrying(**STEP, attempt=1, error=ERROR, retry_at_us=0), ev.NodeFailed(**STEP, error=ERROR, handled=True)):
        state = after(*begun, *effects, end)
        assert state.open_effects == {"a#10/tool.1"}


def test_time_counts_while_a_worker_has_the_run() -> None:
    def at(event: ev.Event, us: int) -> ev.Event:
        return event.model_copy(update={"at_us": us})

    log = [
        at(ev.RunStarted(), 100),
        at(RunClaimed(worker="w", epoch=1, cause="first"), 110),
        at(ev.NodeStarted(**STEP), 150),
        at(ev.RunSuspended(), 160),
        at(RunClaimed(worker="w", epoch=2, cause="woken"), 900),
        at(ev.Decision(path="d", what="x", chosen="y"), 905),
        at(RunClaimed(worker="v", epoch=3, cause="takeover"), 2000),
        at(ev.RunPaused(), 1990),
        at(ev.RunUnpaused(), 3000),
        at(ev.RunSucceeded(), 3007),
    ]
    state = fold(event.model_copy(update={"seq": index}) for index, event in enumerate(log, start=1))
    assert state.worked_us == 40 + 10 + 5 + 0 + 7


def test_drawn_transitions_are_the_allowed_ones() -> None:
    drawn = run_transitions()
    assert (RunStatus.RUNNING, RunStatus.WAITING) in drawn and all(old.may_become(new) for old, new in drawn)
    assert not [old for old, _ in drawn if old.terminal]
