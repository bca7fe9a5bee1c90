"""An event is applied whole or not at all, whatever state it meets."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.errors import IllegalTransition
from orchestrator.engine.ids import ROOT, NodeId
from orchestrator.engine.ids import Path as EventPath
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import apply_event, fold
from orchestrator.engine.log.upcast import read_event

FOLDER = Path(__file__).parents[2] / "event_logs"


@cache
def logs() -> list[list[ev.RunEvent]]:
    texts = [file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.json"))]
    return [[read_event(event) for event in json.loads(text)["events"]] for text in texts]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_event_that_cannot_be_changes_nothing(data: st.DataObject) -> None:
    log = data.draw(st.sampled_from(logs()))
    state = fold(log[: data.draw(st.integers(0, len(log)))])
    other = data.draw(st.sampled_from(data.draw(st.sampled_from(logs()))))
    event = other.model_copy(update={"seq": state.last_seq + 1})
    before = deepcopy(state)
    try:
        apply_event(state, event)
    except IllegalTransition:
        assert state == before


BEGUN: list[ev.Event] = [
    ev.RunStarted(seq=1),
    ev.RunClaimed(seq=2, worker="w", epoch=1, cause="first"),
    ev.NodeStarted(seq=3, path=EventPath("a#1"), scope=ROOT, node=NodeId("a"), activation=1),
]


def write(channel: str, reducer: str, value: object, initial: object = None) -> ev.ChannelWrite:
    return ev.ChannelWrite.model_validate({"channel": channel, "reducer": reducer, "initial": initial, "value": value})


@pytest.mark.parametrize(
    "writes",
    [
        (write("good", "last", 1), write("bad", "sum", "text")),
        (write("good", "append", 1), write("bad", "append", 1, initial="text")),
        (write("good", "merge", {}), write("bad", "merge", [])),
        (write("good", "sum", 1), write("bad", "extend", 1)),
        (write("good", "max", 1), write("bad", "min", None)),
        (write("twice", "last", 1), write("twice", "last", 2)),
    ],
)
def test_write_that_a_channel_cannot_take_in_leaves_node_and_channels_as_they_were(writes: tuple[ev.ChannelWrite, ...]) -> None:
    state = fold(BEGUN)
    before = deepcopy(state)
    finished = ev.NodeFinished(seq=4, path=EventPath("a#1"), scope=ROOT, node=NodeId("a"), activation=1, writes=writes)
    with pytest.raises(IllegalTransition):
        apply_event(state, finished)
    assert state == before


def test_channel_keeps_its_reducer() -> None:
    state = fold(BEGUN)
    step = {"path": EventPath("a#1"), "scope": ROOT, "node": NodeId("a"), "activation": 1}
    apply_event(state, ev.NodeFinished(seq=4, **step, writes=(write("c", "last", 1),)))
    apply_event(state, ev.NodeStarted(seq=5, **{**step, "activation": 2}))
    with pytest.raises(IllegalTransition, match="reducer"):
        apply_event(state, ev.NodeFinished(seq=6, **{**step, "activation": 2}, writes=(write("c", "sum", 1),)))
