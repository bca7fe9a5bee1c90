"""Events in the form of earlier builds, read as if they had been written today.

Each event names the version of its type's form, `v`. Form 0 is the one without a version,
from before events named any. A step leads from one version to the next; a type without a
step between two versions only gained fields that have defaults.
"""

import json
import re
from collections.abc import Callable
from typing import Any, get_args

from orchestrator.engine.effects.digest import fingerprint
from orchestrator.engine.errors import UnknownEvent
from orchestrator.engine.log.events import RunEvent, run_event

Data = dict[str, Any]

_VERSIONED = '{"v":'
_HEAD = re.compile(r'\{"v":(\d+),"type":"(\w+)",')
"""How the text of every event begins since events have versions."""


def _present_versions() -> dict[str, int]:
    union: Any = get_args(RunEvent)[0]
    return {kind.model_fields["type"].default: kind.model_fields["v"].default for kind in get_args(union)}


VERSIONS = _present_versions()
"""The version of each type's form that this build writes."""


def upcast(data: Data) -> Data:
    """The event's data in the present form; the same object when it has that already.

    Raises UnknownEvent for a type or a version that only a later build can have written,
    ValueError for what is no event of any build.
    """
    kind, version = (data.get("type"), data.get("v", 0)) if isinstance(data, dict) else (None, 0)
    if not isinstance(kind, str) or not isinstance(version, int) or version < 0:
        raise ValueError("An event has a type, and a version that is a whole number from 0.")
    present = VERSIONS.get(kind)
    if present is None or version > present:
        raise UnknownEvent(kind, version)
    if version == present:
        return data
    try:
        for step in range(version, present):
            data = _STEPS.get((kind, step), _unchanged)(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"An event {kind!r} of version {version} has another form") from error
    rest = {name: value for name, value in data.items() if name not in ("v", "type")}
    return {"v": present, "type": kind, **rest}


def read_event(data: Data) -> RunEvent:
    """The event, whichever build wrote it. Raises UnknownEvent, or ValueError for what is no event."""
    return run_event.validate_python(upcast(data))


def read_event_text(text: str) -> RunEvent:
    """The event of a JSON text, whichever build wrote it. Raises UnknownEvent, or ValueError for what is no event."""
    if text.startswith(_VERSIONED):
        try:
            event = run_event.validate_json(text)
        except ValueError:
            return read_event(json.loads(text))  # which says whether a later build wrote it
        if event.v == VERSIONS[event.type]:
            return event
    return read_event(json.loads(text))


def upcast_text(text: str) -> str:
    """The JSON text of an event in the present form; nothing is parsed when it has that already.

    What is no event of this or an earlier build is given back as it is: whoever shows it may know it.
    """
    if _is_present(text):
        return text
    try:
        return json.dumps(upcast(json.loads(text)), separators=(",", ":"))
    except (UnknownEvent, ValueError):
        return text


def _is_present(text: str) -> bool:
    head = _HEAD.match(text)
    return head is not None and VERSIONS.get(head[2]) == int(head[1])


def _unchanged(data: Data) -> Data:
    return data


def _effect_started(data: Data) -> Data:
    """Before, the kind said whether it waits."""
    return _asked(data) | {"waits": data["kind"] in ("human", "timer")}


def _asked(data: Data) -> Data:
    """What was asked, in the words of today; what proves that a replay asks the same goes with it."""
    change = {"model": _model_request, "human": _human_request}.get(data["kind"])
    request = data.get("request")
    if change is None or not isinstance(request, dict):
        return data
    now = change(request, str(data["path"]))
    mark = data["fingerprint"]
    if mark == fingerprint(data["kind"], data["name"], _timeless(request)):
        mark = fingerprint(data["kind"], data["name"], _timeless(now))
    return data | {"request": now, "fingerprint": mark}


def _timeless(request: Data) -> Data:
    """The request without the time by which it had to be answered, which was never part of the proof."""
    return request | {"deadline_us": None} if "deadline_us" in request else request


def _model_request(request: Data, _path: str) -> Data:
    """Before, what a message says was one text."""
    messages = request.get("messages")
    return request | {"messages": [_message(message) for message in messages]} if isinstance(messages, list) else request


def _message(message: Any) -> Any:
    said = message.get("content") if isinstance(message, dict) else None
    if said is None or isinstance(said, list):
        return message
    return message | {"content": [{"type": "text", "text": said}] if said else []}


def _human_request(request: Data, path: str) -> Data:
    """Before, no question said about which tool it is, and no action whether it takes a value;
    those of the engine's own questions mostly take none."""
    actions = request.get("actions")
    if not isinstance(actions, list):
        return request
    own = path.endswith(("/approval", "/outcome"))
    known = [action | {"takes_value": not own or action.get("name") == "happened"} for action in actions]
    return request | {"actions": known, "tool": _tool_in_question(request, path)}


def _tool_in_question(request: Data, path: str) -> str:
    payload = request.get("payload")
    named = payload.get("tool") if path.endswith("/approval") and isinstance(payload, dict) else None
    return named if isinstance(named, str) else ""


def _effect_finished(data: Data) -> Data:
    """Before, what the message of a model's reply says was one text."""
    result = data.get("result")
    if not data["path"].rpartition("/")[2].startswith("model.") or not isinstance(result, dict):
        return data
    return data | {"result": result | {"message": _message(result.get("message"))}}


def _scope_started(data: Data) -> Data:
    """Before, its name said where it is: `map#1/item.3` stands in the graph itself and is item 3."""
    scope = str(data["scope"])
    return data | {"parent": "/".join(scope.split("/")[:-2]), "index": int(scope.rpartition(".")[2])}


_STEPS: dict[tuple[str, int], Callable[[Data], Data]] = {
    ("effect_finished", 0): _effect_finished,
    ("effect_refused", 0): _asked,
    ("effect_started", 0): _effect_started,
    ("scope_started", 0): _scope_started,
}
"""By type and the version from which the step leads to the next one."""
