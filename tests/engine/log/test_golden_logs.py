"""Recorded runs that Python and the browser must fold to the same state, all of it.

A log that changes on purpose is written anew with GOLDEN=write.
"""

import json
import math
import os
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.engine.execution import scope_run
from orchestrator.engine.log.events import RunEvent
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.upcast import read_event
from tests.engine.log.scenarios import SCENARIOS, Scenario
from tests.engine.log.whole_state import whole_state

FOLDER = Path(__file__).parents[2] / "event_logs"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch lets the others go on when its time is up. Here only the number of nodes counts, so that a slow machine changes no order."""
    monkeypatch.setattr(scope_run, "TURN_S", math.inf)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_recorded_run_folds_to_what_is_written_beside_it(scenario: Scenario) -> None:
    file = FOLDER / f"{scenario.__name__}.json"
    rig = await scenario()
    events = [event.model_dump(mode="json") for event in rig.log.events]
    graph = rig.graph.model_dump(mode="json")
    if os.environ.get("GOLDEN") == "write":
        written = {"graph": graph, "events": events, "state": whole_state(fold(rig.log.events), rig.log.events)}
        file.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(file.read_text(encoding="utf-8"))
    assert (graph, events) == (recorded["graph"], recorded["events"])
    log = [read_event(event) for event in recorded["events"]]
    assert whole_state(fold(log), log) == recorded["state"]


def test_the_logs_have_every_event_that_a_run_can_write_by_itself() -> None:
    """The platform writes run_crashed."""
    written = {event["type"] for file in FOLDER.glob("*.json") for event in json.loads(file.read_text(encoding="utf-8"))["events"]}
    known = {kind.model_fields["type"].default for kind in get_args(get_args(RunEvent)[0])}
    assert known - written == {"run_crashed"}
