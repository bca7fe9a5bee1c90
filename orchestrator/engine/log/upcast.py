"""Events in the form of earlier builds, read as if they had been written today.

Each event names the version of its type's form, `v`. Form 0 is the one without a version,
from before events named any. A step leads from one version to the next; a type without a
step between two versions only gained fields that have defaults.
"""

import json
import re
from collections.abc import Callable
from typing import Any, get_args

from orchestrator.engine.errors import UnknownEvent
from orchestrator.engine.log.events import RunEvent, run_event

Data = dict[str, Any]

_HEAD = re.compile(r'\{"v":(\d+),"type":"(\w+)",')
"""How the text of every event begins since events have versions."""
_HUMAN, _TIMER = "human", "timer"


def _present_versions() -> dict[str, int]:
    union: Any = get_args(RunEvent)[0]
    return {kind.model_fields["type"].default: kind.model_fields["v"].default for kind in get_args(union)}


VERSIONS = _present_versions()
"""The version of each type's form that this build writes."""


def upcast(data: Data) -> Data:
    """The event's data in the present form; the same object when it has that already.

    Raises UnknownEvent for a type or a version that only a later build can have written.
    """
    kind, version = str(data.get("type")), data.get("v", 0)
    present = VERSIONS.get(kind)
    if present is None or not isinstance(version, int) or version > present:
        raise UnknownEvent(kind, version)
    if version == present:
        return data
    for step in range(version, present):
        data = _STEPS.get((kind, step), _unchanged)(data)
    rest = {name: value for name, value in data.items() if name not in ("v", "type")}
    return {"v": present, "type": kind, **rest}


def read_event(data: Data) -> RunEvent:
    """The event, whichever build wrote it. Raises UnknownEvent, or ValueError for what is no event."""
    return run_event.validate_python(upcast(data))


def read_event_text(text: str) -> RunEvent:
    """The event of a JSON text, whichever build wrote it. Raises UnknownEvent, or ValueError for what is no event."""
    return run_event.validate_json(text) if _is_present(text) else read_event(json.loads(text))


def upcast_text(text: str) -> str:
    """The JSON text of an event in the present form; nothing is parsed when it has that already.

    An event that only a later build can have written is given back as it is: whoever shows it may know it.
    """
    if _is_present(text):
        return text
    try:
        return json.dumps(upcast(json.loads(text)), separators=(",", ":"))
    except UnknownEvent:
        return text


def _is_present(text: str) -> bool:
    head = _HEAD.match(text)
    return head is not None and VERSIONS.get(head[2]) == int(head[1])


def _unchanged(data: Data) -> Data:
    return data


def _effect_says_whether_it_waits(data: Data) -> Data:
    """Before, the kind said it."""
    return data | {"waits": data["kind"] in (_HUMAN, _TIMER)}


def _scope_says_where_it_is(data: Data) -> Data:
    """Before, its name said it: `map#1/item.3` stands in the graph itself and is item 3."""
    scope = str(data["scope"])
    return data | {"parent": "/".join(scope.split("/")[:-2]), "index": int(scope.rpartition(".")[2])}


_STEPS: dict[tuple[str, int], Callable[[Data], Data]] = {
    ("effect_started", 0): _effect_says_whether_it_waits,
    ("scope_started", 0): _scope_says_where_it_is,
}
"""By type and the version from which the step leads to the next one."""
