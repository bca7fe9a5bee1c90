"""The forms of events are pinned: none changes without a new version and a step that leads to it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from orchestrator.engine.errors import UnknownEvent
from orchestrator.engine.log.events import RunEvent
from orchestrator.engine.log.upcast import VERSIONS, read_event, read_event_text, upcast, upcast_text
from tests.engine.log.test_earlier_logs import FILES, events_of

FORMS = Path(__file__).with_name("forms.json")
KINDS: tuple[type[BaseModel], ...] = get_args(get_args(RunEvent)[0])


def form(kind: type[BaseModel]) -> str:
    """Changes when a field of the event, however deep, is added, removed or becomes another."""
    schema = json.dumps(without_words(kind.model_json_schema(mode="serialization")), sort_keys=True)
    return hashlib.sha256(schema.encode()).hexdigest()[:16]


def without_words(part: Any) -> Any:
    if isinstance(part, list):
        return [without_words(item) for item in part]
    if isinstance(part, dict):
        return {
            name: without_words(value) for name, value in part.items() if not (name in ("description", "title") and isinstance(value, str))
        }
    return part


def test_no_form_changed_without_a_new_version() -> None:
    """A form that no release has carried yet is pinned anew with GOLDEN=write; any other gets the next `v` and a step in upcast.py."""
    present = {f"{name} {VERSIONS[name]}": form(kind) for kind in KINDS for name in [kind.model_fields["type"].default]}
    if os.environ.get("GOLDEN") == "write":
        FORMS.write_text(json.dumps(present, indent=1) + "\n", encoding="utf-8")
    assert present == json.loads(FORMS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "data", [{"v": 1, "type": "telepathy", "seq": 1}, {"type": "telepathy"}, {"v": 99, "type": "run_started", "seq": 1}]
)
def test_what_a_later_build_wrote_is_told_apart_from_nonsense(data: dict[str, Any]) -> None:
    text = json.dumps(data, separators=(",", ":"))
    for read in (lambda: read_event(data), lambda: read_event_text(text), lambda: upcast(data)):
        with pytest.raises(UnknownEvent) as caught:
            read()
        assert (caught.value.type, caught.value.v) == (data["type"], data.get("v", 0))
    assert upcast_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "nonsense",
        '{"v":1,"type":"run_started","seq":"x"}',
        '{"v":1,"type":"node_started","seq":1}',
        '{"v":-1,"type":"x"}',
        '{"type":"effect_started"}',
        '{"type":"scope_started","scope":""}',
    ],
)
def test_nonsense_is_no_event(text: str) -> None:
    with pytest.raises(ValueError):
        read_event_text(text)
    assert upcast_text(text) == text


EARLIER = [event for file in FILES for event in events_of(file)]


@given(st.sampled_from(EARLIER), st.data())
def test_an_earlier_event_is_read_whatever_big_value_was_taken_out_of_it(event: dict[str, Any], data: st.DataObject) -> None:
    """Pages show events with big values replaced by a reference; their form is the present one all the same."""
    holes = [name for name in ("request", "result", "seed", "input", "output") if isinstance(event.get(name), dict)]
    if not holes:
        return
    place = data.draw(st.sampled_from(holes))
    inner = data.draw(st.sampled_from(["", *event[place]]))
    reference = {"$blob": "0" * 64, "size": 20_000, "preview": "..."}
    shown = event | {place: reference if not inner else event[place] | {inner: reference}}
    assert json.loads(upcast_text(json.dumps(shown)))["v"] == VERSIONS[event["type"]]
