"""Logs as earlier builds wrote them: read in the form of today, folded alike on both sides, and gone on with.

`event_logs/earlier/<n>` holds whole logs of form n. Whoever raises the version of an event's form
copies the golden logs as they were into the next folder and runs this with GOLDEN=write: `present`
(each event as it is read today) and `state` (what it is folded to) are written, events never are.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Role
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import RunEvent
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.log.upcast import read_event, read_event_text, upcast, upcast_text
from orchestrator.engine.testing import Bench, ManualClock, MemoryLog, MemoryTools, ScriptedModel, calls, says
from tests.engine.log.whole_state import whole_state

FOLDER = Path(__file__).parents[2] / "event_logs" / "earlier"
FILES = sorted(FOLDER.glob("*/*.json"))


def each(files: Iterable[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", list(files), ids=lambda file: f"{file.parent.name}/{file.stem}")


EACH = each(FILES)


def events_of(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["events"]
    return found


def log_of(file: Path) -> list[RunEvent]:
    return [read_event(event) for event in events_of(file)]


def test_there_are_logs_of_every_form() -> None:
    assert {file.parent.name for file in FILES} == {"0"}


@EACH
def test_a_log_is_read_and_folded_as_it_is_written_beside_it(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    log = log_of(file)
    if os.environ.get("GOLDEN") == "write":
        content |= {"present": [event.model_dump(mode="json") for event in log], "state": whole_state(fold(log), log)}
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    assert [event.model_dump(mode="json") for event in log] == content["present"]
    assert whole_state(fold(log), log) == content["state"]


@EACH
def test_its_texts_are_shown_in_the_present_form(file: Path) -> None:
    texts = [json.dumps(event, separators=(",", ":")) for event in events_of(file)]
    shown = [upcast_text(text) for text in texts]
    assert [json.loads(text) for text in shown] == [event.model_dump(mode="json", exclude_unset=True) for event in log_of(file)]
    assert [read_event_text(text) for text in texts] == log_of(file) == [read_event_text(text) for text in shown]
    assert all(upcast_text(text) is text for text in shown)
    assert all(upcast(event.model_dump()) == event.model_dump() for event in log_of(file))


def answer(request: ModelRequest) -> ModelReply:
    """Uses the tool there is once, then says what is wanted."""
    if request.tools and not any(message.role is Role.TOOL for message in request.messages):
        return calls(("note", "{}"))
    return says('{"label": "a"}' if request.output_schema else "done")


def bench(file: Path, events: list[RunEvent]) -> Bench:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise RuntimeError("broken")

    graph = Graph.model_validate(json.loads(file.read_text(encoding="utf-8"))["graph"])
    functions = {"note": lambda _: "noted", "pay": lambda _: "paid", "broken": broken}
    tools = MemoryTools(functions, safety=Safety.UNSAFE if "unknown" in file.stem else Safety.PURE)
    clock = ManualClock(time_us=events[-1].at_us)
    return Bench(graph, model=ScriptedModel(answer=answer), tools=tools, clock=clock, log=MemoryLog(events), build="present")


async def to_the_end(rig: Bench) -> RunState:
    """Work on; people press the first button, and time passes when only time is waited for."""
    run_input = fold(rig.log.events).input
    for _ in range(20):
        runner = rig.runner()
        for path in runner.state.waiting():
            request = runner.state.effects[path].request
            if isinstance(request, dict) and isinstance(request.get("actions"), list):
                first: Any = request["actions"][0]  # type: ignore[index]
                runner.deliver(path, {"action": first["name"], "value": None, "comment": ""}, "ann", "7")
        rig.clock.time_us = max(rig.clock.time_us, (runner.state.wake_at_us or 0) + 1)
        state = await rig.go(run_input, runner)
        if state.status is not RunStatus.WAITING:
            return state
    raise AssertionError("The run waits for ever.")


@EACH
async def test_a_run_goes_on_from_any_place_in_it(file: Path) -> None:
    log = log_of(file)
    for length in range(2, len(log) + 1):
        state = await to_the_end(bench(file, log[:length]))
        assert state.status.terminal
        assert state.error is None or state.error.code is ErrorCode.INTERNAL, state.error


def ended_by_itself(file: Path) -> bool:
    return fold(log_of(file)).status in (RunStatus.SUCCEEDED, RunStatus.FAILED)


@each(filter(ended_by_itself, FILES))
async def test_what_is_recorded_is_not_done_again(file: Path) -> None:
    log = log_of(file)
    whole = fold(log)
    rig = bench(file, log[:-1])
    state = await to_the_end(rig)
    assert (state.status, state.output, state.error) == (whole.status, whole.output, whole.error)
    assert (rig.model.requests, rig.tools.calls) == ([], [])
