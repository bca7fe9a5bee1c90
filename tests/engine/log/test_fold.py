"""What each event does to the state of a run, and what it says when it cannot be."""

from typing import Any

import pytest

from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import ErrorCode, ErrorInfo, IllegalTransition
from orchestrator.engine.ids import ROOT, NodeId, Path, Scope
from orchestrator.engine.log.effect_state import AttemptFailure, EffectState, UsageTotals
from orchestrator.engine.log.events import run_event
from orchestrator.engine.log.run_state import RunState, apply_event, fold
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus

ERROR = ErrorInfo(code=ErrorCode.TOOL_FAILED, message="x", cure="y")
OTHER = ErrorInfo(code=ErrorCode.TIMEOUT, message="late")
COST = Usage(input_tokens=3, output_tokens=2, cost_nano_usd=7)
STARTED: dict[str, Any] = {"type": "run_started", "input": {"n": 1}}
CLAIMED: dict[str, Any] = {"type": "run_claimed", "worker": "w", "epoch": 1, "cause": "first", "build": "1.0"}
STEP: dict[str, Any] = {"path": "a#1", "scope": "", "node": "a", "activation": 1}
ITEM: dict[str, Any] = {"type": "scope_started", "scope": "m#1/item.2", "parent": "", "node": "m", "index": 2, "label": "two", "seed": 5}
CALL: dict[str, Any] = {"type": "effect_started", "path": "a#1/tool.1", "kind": "tool", "name": "pay", "agent": "ann", "fingerprint": "f"}
PAY = Path("a#1/tool.1")


def after(*events: dict[str, Any]) -> RunState:
    """The state after these events, numbered from 1; event n happened at n * 10 microseconds."""
    return fold(run_event.validate_python({"at_us": 10 * seq, **event, "seq": seq}) for seq, event in enumerate(events, start=1))


def running(*events: dict[str, Any]) -> RunState:
    return after(STARTED, CLAIMED, *events)


def refusal(state: RunState, event: dict[str, Any]) -> str:
    with pytest.raises(IllegalTransition) as caught:
        apply_event(state, run_event.validate_python({**event, "seq": state.last_seq + 1}))
    assert caught.value.info.code is ErrorCode.INTERNAL
    return caught.value.info.message


def node(name: str, **rest: Any) -> dict[str, Any]:
    return {"type": f"node_{name}", **STEP, **rest}


def effect(name: str, **rest: Any) -> dict[str, Any]:
    return {"type": f"effect_{name}", "path": PAY, **rest}


def act(state: RunState) -> Activation:
    return state.scopes[ROOT].activations[NodeId("a")][1]


def test_run_that_was_accepted_waits_in_the_queue_with_its_input() -> None:
    assert after() == RunState()
    state = after(STARTED)
    assert (state.status, state.input, state.started_at_us, state.last_seq, state.last_at_us) == ("queued", {"n": 1}, 10, 1, 10)


def test_claim_takes_the_run_up_for_an_epoch_and_a_build_and_forgets_when_it_was_to_wake() -> None:
    state = after(STARTED, CLAIMED, {"type": "run_suspended", "wake_at_us": 99}, CLAIMED | {"epoch": 4, "build": "2.0"})
    assert (state.status, state.epoch, state.build, state.wake_at_us) == ("running", 4, "2.0", None)
    assert refusal(state, CLAIMED | {"epoch": 4}) == "Epoch 4 after epoch 4"
    assert refusal(state, CLAIMED | {"epoch": 3}) == "Epoch 3 after epoch 4"


def test_run_that_waits_says_until_when() -> None:
    state = running({"type": "run_suspended", "wake_at_us": 99, "waiting_on": ["a#1/human.1"]})
    assert (state.status, state.wake_at_us) == ("waiting", 99)


def test_paused_run_stays_paused_when_a_worker_takes_it_up() -> None:
    state = running({"type": "run_paused"}, CLAIMED | {"epoch": 2})
    assert (state.status, state.epoch) == ("paused", 2)
    apply_event(state, run_event.validate_python({"type": "run_unpaused", "seq": 5}))
    assert state.status is RunStatus.RUNNING


@pytest.mark.parametrize(
    ("event", "status", "output", "error"),
    [
        ({"type": "run_succeeded", "output": [1]}, "succeeded", [1], None),
        ({"type": "run_failed", "error": ERROR}, "failed", None, ERROR),
        ({"type": "run_limit_exceeded", "error": ERROR}, "limit_exceeded", None, ERROR),
        ({"type": "run_cancelled", "by": "ann"}, "cancelled", None, None),
        ({"type": "run_crashed", "detector": "d"}, "crashed", None, None),
    ],
)
def test_run_ends_with_what_it_gave_or_why_it_did_not(event: dict[str, Any], status: str, output: Any, error: ErrorInfo | None) -> None:
    state = running(node("started"), CALL, event)
    assert (state.status, state.output, state.error) == (status, output, error)
    assert (act(state).status, state.effects[PAY].status) == (NodeStatus.CANCELLED, EffectStatus.CANCELLED)


@pytest.mark.parametrize(
    ("before", "event", "words"),
    [
        ([STARTED], STARTED, "A run starts once"),
        ([STARTED], {"type": "run_succeeded"}, "A run that is queued cannot become succeeded"),
        ([STARTED], {"type": "run_suspended"}, "A run that is queued cannot become waiting"),
        ([STARTED], {"type": "run_paused"}, "A run that is queued cannot become paused"),
        ([STARTED, CLAIMED, {"type": "run_suspended"}], {"type": "run_paused"}, "A run that is waiting cannot become paused"),
        ([STARTED, CLAIMED], node("finished"), "a#1 was never started"),
        ([STARTED, CLAIMED], node("failed", error=ERROR), "a#1 was never started"),
        ([STARTED, CLAIMED], node("retrying", attempt=1, error=ERROR, retry_at_us=0), "a#1 was never started"),
        ([STARTED, CLAIMED, node("started")], node("started"), "a#1 is running already"),
        ([STARTED, CLAIMED, node("started"), node("finished")], node("failed", error=ERROR), "a#1 is succeeded already"),
        ([STARTED, CLAIMED, node("skipped")], node("skipped"), "a#1 has fired already, so it was not skipped"),
        ([STARTED, CLAIMED, node("skipped")], node("finished"), "a#1 is skipped already"),
        ([STARTED, CLAIMED], node("started", scope="m#1/item.0"), "Scope m#1/item.0 was never started"),
        ([STARTED, CLAIMED], node("skipped", scope="m#1/item.0"), "Scope m#1/item.0 was never started"),
        ([STARTED, CLAIMED, ITEM], ITEM, "Scope m#1/item.2 was started before"),
        ([STARTED, CLAIMED], ITEM | {"parent": "k#1/item.0"}, "Scope m#1/item.2 begins in k#1/item.0, which was never started"),
        ([STARTED, CLAIMED], {"type": "scope_finished", "scope": "m#1/item.2"}, "Scope m#1/item.2 was never started"),
        ([STARTED, CLAIMED, CALL], CALL, "Effect a#1/tool.1 was started before"),
        ([STARTED, CLAIMED], effect("finished"), "Effect a#1/tool.1 is not started, so it cannot end"),
        (
            [STARTED, CLAIMED],
            effect("attempt_failed", attempt=1, error=ERROR, retry_in_s=1),
            "Effect a#1/tool.1 is not started, so it cannot end",
        ),
        ([STARTED, CLAIMED], effect("unknown"), "Effect a#1/tool.1 is not started, so it cannot end"),
        ([STARTED, CLAIMED, CALL, effect("finished")], effect("failed", error=ERROR), "Effect a#1/tool.1 is succeeded, so it cannot end"),
        (
            [STARTED, CLAIMED, CALL | {"waits": True}],
            CALL | effect("refused", gate={"verdict": "deny"}),
            "Effect a#1/tool.1 is waiting, so it cannot be refused",
        ),
        ([STARTED, CLAIMED], effect("reused", of="b#1/tool.1"), "Effect b#1/tool.1 has no result that could be used again"),
        ([STARTED, CLAIMED, CALL, effect("finished")], effect("reused", of=PAY), "Effect a#1/tool.1 was started before"),
        (
            [STARTED, CLAIMED],
            {"type": "replay_adopted", "path": PAY, "fingerprint": "g"},
            "Effect a#1/tool.1 has no result that could be adopted",
        ),
        (
            [STARTED, CLAIMED, CALL],
            {"type": "replay_adopted", "path": PAY, "fingerprint": "g"},
            "Effect a#1/tool.1 has no result that could be adopted",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_was_before(before: list[dict[str, Any]], event: dict[str, Any], words: str) -> None:
    state = after(*before)
    assert refusal(state, event) == words
    assert state == after(*before)


def test_gap_in_the_numbers_says_which_number_was_expected() -> None:
    with pytest.raises(IllegalTransition) as caught:
        fold([run_event.validate_python({**STARTED, "seq": 3})])
    assert caught.value.info.message == "Event 3 after event 0, expected 1"


def test_scope_knows_where_it_stands_and_what_it_began_with() -> None:
    state = running(ITEM)
    assert state.scopes[Scope("m#1/item.2")] == ScopeState(ROOT, NodeId("m"), 2, "two", 5)
    state = running(ITEM, {"type": "scope_finished", "scope": "m#1/item.2", "output": 9})
    scope = state.scopes[Scope("m#1/item.2")]
    assert (scope.finished, scope.output, scope.error) == (True, 9, None)
    assert refusal(state, {"type": "scope_finished", "scope": "m#1/item.2"}) == "Scope m#1/item.2 has ended already"


def test_scope_that_failed_cuts_off_what_goes_on_in_it_and_one_that_ended_well_does_not() -> None:
    inside = {"path": "m#1/item.2/a#1", "scope": "m#1/item.2", "node": "a", "activation": 1}
    for error, status in ((ERROR, NodeStatus.CANCELLED), (None, NodeStatus.RUNNING)):
        state = running(ITEM, {"type": "node_started", **inside}, {"type": "scope_finished", "scope": "m#1/item.2", "error": error})
        assert state.scopes[Scope("m#1/item.2")].activations[NodeId("a")][1].status is status
        assert state.scopes[Scope("m#1/item.2")].error == error


def test_node_that_began_is_one_step_of_the_run() -> None:
    state = running(node("started", inputs={"in": 4}))
    assert act(state) == Activation(NodeStatus.RUNNING, 1, 3, inputs={"in": 4})
    assert (state.steps, state.open_steps) == (1, {(ROOT, "a", 1)})
    state = running(node("started"), node("finished"), node("started", activation=2))
    assert state.steps == 2 and sorted(state.scopes[ROOT].activations[NodeId("a")]) == [1, 2]


def test_further_attempt_is_no_further_step_and_keeps_its_inputs() -> None:
    retry = node("retrying", attempt=1, error=ERROR, retry_at_us=77)
    state = running(node("started", inputs={"in": 4}), retry)
    assert (act(state).status, act(state).error, act(state).retry_at_us) == ("retrying", ERROR, 77)
    assert refusal(state, node("started", attempt=3)) == "a#1 is retrying already"
    apply_event(state, run_event.validate_python({**node("started", attempt=2), "seq": 5}))
    assert (act(state).status, act(state).attempt, act(state).error, act(state).inputs) == ("running", 2, None, {"in": 4})
    assert (act(state).started_seq, state.steps) == (3, 1), "it sees the run as its first attempt did"


def test_node_that_ended_says_what_it_gave_and_where_it_led() -> None:
    state = running(node("started"), node("finished", outputs={"out": 1}, edges=["e"]))
    done = act(state)
    assert (done.status, done.outputs, done.edges, done.finished_seq, done.handled) == ("succeeded", {"out": 1}, ("e",), 4, True)
    assert state.scopes[ROOT].ended == {"a": [done]} and state.open_steps == set()


@pytest.mark.parametrize(("handled", "failure"), [(True, None), (False, ERROR)])
def test_failure_that_nothing_handled_is_that_of_its_scope(handled: bool, failure: ErrorInfo | None) -> None:
    state = running(node("started"), node("failed", error=ERROR, handled=handled, outputs={"error": 1}, edges=["e"]))
    assert (act(state).status, act(state).error, act(state).handled) == ("failed", ERROR, handled)
    assert (act(state).outputs, act(state).edges) == ({"error": 1}, ("e",))
    assert state.scopes[ROOT].failure == failure


def test_first_failure_of_a_scope_is_the_one_that_counts() -> None:
    second = {"path": "b#1", "node": "b"}
    state = running(node("started"), node("started", **second), node("failed", error=ERROR), node("failed", error=OTHER, **second))
    assert state.scopes[ROOT].failure == ERROR


def test_skipped_node_has_ended_without_an_attempt_and_is_no_step() -> None:
    state = running(node("skipped"))
    assert act(state) == Activation(NodeStatus.SKIPPED, 0, finished_seq=3)
    assert (state.steps, state.open_steps, state.scopes[ROOT].ended) == (0, set(), {"a": [act(state)]})


def test_what_a_node_yielded_is_looked_up_as_of_a_moment_and_as_of_now() -> None:
    again = {"activation": 2, "path": "a#2"}
    state = running(
        node("started"),
        node("finished", outputs={"out": 1}),
        node("started", **again),
        node("failed", error=ERROR, handled=True, outputs={"error": 2}, **again),
    )
    scope, name = state.scopes[ROOT], NodeId("a")
    first, second = scope.activations[name][1], scope.activations[name][2]
    assert [scope.latest_ended(name, seq) for seq in (3, 4, 5, 6, 99)] == [None, first, first, second, second]
    assert scope.latest_delivered(name) is first, "a failure delivers nothing"
    assert scope.latest_ended(NodeId("b"), 99) is None and scope.latest_delivered(NodeId("b")) is None


def test_effect_that_began_is_known_as_it_was_asked() -> None:
    state = running(CALL | {"safety": "unsafe", "idempotency_key": "k", "request": {"n": 1}, "gate": {"verdict": "allow"}})
    known = state.effects[PAY]
    assert known == EffectState(
        kind="tool",
        name="pay",
        agent="ann",
        fingerprint="f",
        status=EffectStatus.RUNNING,
        started_seq=3,
        build="1.0",
        safety=known.safety,
        idempotency_key="k",
        request={"n": 1},
        gate=known.gate,
    )
    assert (known.safety, known.gate and known.gate.verdict, known.attempts) == ("unsafe", "allow", 1)
    assert (state.open_effects, state.calls) == ({PAY}, {"k": [PAY]})


def test_effects_without_a_key_are_not_taken_for_the_same_call() -> None:
    assert running(CALL, CALL | {"path": "b#1/tool.1"}).calls == {}


def test_effect_that_waits_is_what_the_run_waits_for() -> None:
    asked = [CALL | {"kind": "human", "waits": True, "path": path} for path in ("b#1/human.1", "a#1/human.1")]
    state = running(*asked, CALL)
    assert state.waiting() == ["a#1/human.1", "b#1/human.1"]
    assert state.effects[Path("a#1/human.1")].status is EffectStatus.WAITING


@pytest.mark.parametrize(("kind", "repeated"), [("tool", 0), ("model", 1)])
def test_effect_that_is_begun_again_counts_its_attempts_and_models_are_counted_as_repeated(kind: str, repeated: int) -> None:
    began = CALL | {"kind": kind}
    state = running(began, began | {"retried": True})
    assert (state.effects[PAY].attempts, state.effects[PAY].status, state.usage.repeated) == (2, "running", repeated)
    assert refusal(state, began) == "Effect a#1/tool.1 was started before", "only by a worker that knows it was begun"


def test_effect_is_begun_again_in_other_words_only_by_another_build() -> None:
    other = CALL | {"retried": True, "fingerprint": "g"}
    assert refusal(running(CALL), other) == "Effect a#1/tool.1 was started before"
    newer = CLAIMED | {"epoch": 2, "build": "2.0"}
    assert running(CALL, newer, other).effects[PAY].fingerprint == "g"
    assert refusal(running(CALL, newer), other | {"kind": "model"}) == "Effect a#1/tool.1 was started before"
    assert refusal(running(CALL, effect("finished"), newer), other) == "Effect a#1/tool.1 was started before"


def test_effect_ends_with_its_result_or_its_error_and_what_it_cost() -> None:
    state = running(CALL, effect("finished", result=[1], usage=COST))
    assert (state.effects[PAY].status, state.effects[PAY].result, state.effects[PAY].usage) == ("succeeded", [1], COST)
    assert (state.open_effects, state.usage) == (set(), UsageTotals(1, 3, 2, 7))
    state = running(CALL, effect("failed", error=ERROR, usage=COST))
    assert (state.effects[PAY].status, state.effects[PAY].error, state.effects[PAY].usage) == ("failed", ERROR, COST)
    assert (state.open_effects, state.usage) == (set(), UsageTotals(1, 3, 2, 7))
    assert running(CALL, effect("finished")).usage == UsageTotals()


def test_try_that_failed_is_kept_and_counted_while_the_call_goes_on() -> None:
    tried = effect("attempt_failed", attempt=2, error=ERROR, retry_in_s=1.5, usage=COST)
    state = running(CALL, tried)
    assert state.effects[PAY].failures == [AttemptFailure(2, 40, ERROR, 1.5, COST)]
    assert (state.effects[PAY].status, state.open_effects, state.usage) == ("running", {PAY}, UsageTotals(1, 3, 2, 7))


def test_refused_effect_says_who_refused_it_whether_it_had_begun_or_not() -> None:
    refused = CALL | effect("refused", request={"n": 1}, gate={"verdict": "deny", "layer": "policy"})
    for before in ([], [CALL]):
        state = running(*before, refused)
        known = state.effects[PAY]
        assert (known.status, known.gate and known.gate.layer, known.build, state.open_effects) == ("refused", "policy", "1.0", set())
    state = running(refused)
    assert (state.effects[PAY].name, state.effects[PAY].agent, state.effects[PAY].request) == ("pay", "ann", {"n": 1})
    assert (state.effects[PAY].kind, state.effects[PAY].fingerprint, state.effects[PAY].started_seq) == ("tool", "f", 3)


def test_call_that_is_used_again_has_the_result_and_neither_cost_nor_attempts() -> None:
    done = [
        CALL | {"idempotency_key": "k"},
        effect("attempt_failed", attempt=1, error=ERROR, retry_in_s=1),
        effect("finished", result=7, usage=COST),
    ]
    state = running(*done, {"type": "effect_reused", "path": "a#1~2/tool.1", "of": PAY})
    again = state.effects[Path("a#1~2/tool.1")]
    assert (again.status, again.result, again.usage, again.attempts, again.failures) == ("succeeded", 7, None, 0, [])
    assert (again.started_seq, state.calls, len(state.effects[PAY].failures)) == (6, {"k": [PAY, "a#1~2/tool.1"]}, 1)


def test_effect_of_unknown_outcome_stays_open_and_can_still_end() -> None:
    state = running(CALL, effect("unknown"))
    assert (state.effects[PAY].status, state.open_effects) == ("unknown", {PAY})
    assert running(CALL, effect("unknown"), effect("finished", result=1)).effects[PAY].status is EffectStatus.SUCCEEDED
    assert running(CALL, effect("unknown"), CALL | {"retried": True}).effects[PAY].status is EffectStatus.RUNNING


def test_adopted_result_is_marked_and_known_by_its_new_words() -> None:
    state = running(CALL, effect("finished"), {"type": "replay_adopted", "path": PAY, "fingerprint": "g"})
    assert (state.effects[PAY].adopted, state.effects[PAY].fingerprint) == (True, "g")


def test_decision_is_known_by_its_place() -> None:
    assert running({"type": "decision", "path": "a#1/decision.1", "what": "route", "chosen": "b"}).notes.paths == {"a#1/decision.1"}


def test_unsafe_call_that_was_cut_off_is_unknown_and_what_is_asked_about_it_stays_asked() -> None:
    unsafe = CALL | {"safety": "unsafe"}
    question = CALL | {"path": f"{PAY}/outcome.1", "kind": "human", "waits": True}
    beside = CALL | {"path": "a#1/tool.2"}
    retry = node("retrying", attempt=1, error=ERROR, retry_at_us=0)
    state = running(node("started"), unsafe, question, beside, retry)
    assert {path: str(one.status) for path, one in state.effects.items()} == {
        PAY: "unknown",
        f"{PAY}/outcome.1": "waiting",
        "a#1/tool.2": "cancelled",
    }
    assert (state.open_effects, state.cut_off(Path("a#1")), state.cut_off(Path("b#1"))) == ({PAY, f"{PAY}/outcome.1"}, [PAY], [])
    ended = running(node("started"), unsafe, question, beside, retry, {"type": "run_cancelled"})
    assert {str(one.status) for path, one in ended.effects.items() if path != PAY} == {"cancelled"}
    assert (ended.effects[PAY].status, ended.open_effects) == ("unknown", set())


def test_channel_has_its_value_as_of_each_event_and_its_beginning_before() -> None:
    write = {"channel": "n", "reducer": "sum", "initial": 10, "value": 1}
    state = running(node("started"), node("finished", writes=[write]))
    assert [state.channel_as_of("n", seq, 10) for seq in (3, 4)] == [10, 11]
    assert state.channel_as_of("other", 4, "begun") == "begun"


def test_clock_that_went_back_takes_no_time_off_the_run() -> None:
    state = after(STARTED | {"at_us": 100}, CLAIMED | {"at_us": 100}, node("started") | {"at_us": 40}, node("finished") | {"at_us": 50})
    assert (state.worked_us, state.last_at_us) == (10, 50)
