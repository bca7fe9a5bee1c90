"""What the palette and the inspector show of each kind: names, ports, parameters with their bounds and defaults."""

from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.engine.document.node_kind import ERROR, IN, OUT, Params, Port
from orchestrator.engine.document.registry import kind_of, kind_schemas, load_kinds
from orchestrator.engine.ids import PortName

APPROVE = {"name": "approve", "title": "Approve", "style": "primary", "takes_value": True}
REJECT = {"name": "reject", "title": "Reject", "style": "danger", "takes_value": True}

AGENT_DEFAULTS = {
    "prompt": "{{ input }}",
    "attachments": "",
    "conversation": "",
    "gives": "answer",
    "ways": [],
    "min_confidence": 0.5,
    "fallback": "",
    "fallback_agent": "",
}

SHOWN: dict[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "agent": ("Agent", "An agent works on a task with its tools", "agents", "bot", AGENT_DEFAULTS),
    "human": (
        "Human",
        "Ask a person to approve, edit or answer",
        "people",
        "hand",
        {
            "mode": "review",
            "title": "Please look at this",
            "message": "",
            "payload": "input",
            "answer_schema": {},
            "actions": [APPROVE, REJECT],
            "deadline_s": None,
        },
    ),
    "input": ("Input", "Where the run's input enters", "flow", "log-in", {}),
    "join": ("Join", "Wait for branches and combine what they bring", "flow", "merge", {"reducer": "list"}),
    "map": (
        "Map",
        "Run the body once for each item of a list",
        "flow",
        "layers",
        {"items": "input", "concurrency": 8, "on_item_error": "fail"},
    ),
    "note": ("Note", "A note on the canvas", "notes", "sticky-note", {"text": ""}),
    "output": ("Output", "What the run gives back", "flow", "log-out", {"value": "input"}),
    "router": (
        "Router",
        "Choose one way on, by expression or by model",
        "flow",
        "split",
        {"mode": "expression", "routes": [], "agent": "", "prompt": "{{ input }}"},
    ),
    "split_files": (
        "Split by kind of file",
        "Images, sounds, videos, documents and texts each go their own way",
        "data",
        "split",
        {"files": "input"},
    ),
    "tool": ("Tool", "Call a tool", "tools", "wrench", {"arguments": {}}),
    "transform": ("Transform", "Reshape data with expressions", "data", "braces", {"expression": "", "fields": {}}),
    "video_frames": (
        "Frames of a video",
        "Pictures from a video, each with its time",
        "data",
        "film",
        {"video": "input", "spacing": "seconds", "every_s": 1.0, "at_most": 16},
    ),
    "wait": ("Wait", "Go on after a time", "flow", "clock", {"seconds": 60.0}),
}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_kind_is_shown_with_its_words_and_its_defaults(name: str) -> None:
    [schema] = [schema for schema in kind_schemas() if schema.name == name]
    assert (schema.title, schema.summary, schema.group, schema.icon, schema.defaults) == SHOWN[name]
    assert (schema.version, schema.params["type"], schema.params["additionalProperties"]) == (1, "object", False)


def test_every_kind_is_in_the_table_and_they_are_shown_by_group_and_title() -> None:
    shown = kind_schemas()
    assert {schema.name for schema in shown} == set(SHOWN)
    assert [(schema.group, schema.title) for schema in shown] == sorted((schema.group, schema.title) for schema in shown)


def port(name: str, title: str = "", **rest: Any) -> Port:
    return Port(name=PortName(name), title=title, **rest)


@pytest.mark.parametrize(
    ("name", "inputs", "outputs"),
    [
        ("agent", (IN,), (OUT,)),
        ("human", (IN,), (port("expired", "Expired"),)),
        ("input", (), (OUT,)),
        ("join", (port("in", "Branches", many=True),), (OUT,)),
        ("map", (IN, port("result", "Result", inner=True)), (port("out", "Results", type="list"), port("item", "Item", inner=True))),
        ("note", (), ()),
        ("output", (IN,), ()),
        ("router", (IN,), ()),
        ("tool", (IN,), (OUT,)),
        ("transform", (IN,), (OUT,)),
        ("wait", (IN,), (OUT,)),
    ],
)
def test_kind_has_its_ports(name: str, inputs: tuple[Port, ...], outputs: tuple[Port, ...]) -> None:
    assert (kind_of(name).inputs, kind_of(name).outputs) == (inputs, outputs)


def test_few_kinds_are_special() -> None:
    def those(attribute: str, value: object = True) -> set[str]:
        return {name for name, kind in load_kinds().items() if getattr(kind, attribute) == value}

    assert (those("container"), those("delivers"), those("executes", False)) == ({"map"}, {"output"}, {"note"})
    ports_from = {name: (kind.ports_from.param, kind.ports_from.name) for name, kind in load_kinds().items() if kind.ports_from}
    assert ports_from == {"agent": ("ways", "name"), "human": ("actions", "name"), "router": ("routes", "name")}
    assert (IN.name, OUT.name, ERROR.name, ERROR.type, IN.title, OUT.title, ERROR.title) == (
        "in",
        "out",
        "error",
        "object",
        "In",
        "Out",
        "Error",
    )


PERSON = {"name": "a", "title": "A"}
BOUNDS: list[tuple[str, dict[str, Any], str, list[Any], list[Any]]] = [
    ("agent", {"agent": "a"}, "agent", ["a"], ["", None]),
    ("agent", {"agent": "a"}, "prompt", ["", "p" * 200_000], ["p" * 200_001]),
    ("human", {}, "mode", ["approval", "review", "question"], ["order"]),
    ("human", {}, "actions", [[PERSON]], [[], [{"name": "a"}], [PERSON | {"style": "loud"}]]),
    ("human", {}, "deadline_s", [None, 0.1, 1e9], [0, -1]),
    ("human", {}, "payload", ["p" * 10_000], ["p" * 10_001]),
    ("join", {}, "reducer", ["list", "merge", "concat", "first", "last", "sum"], ["median"]),
    ("map", {}, "concurrency", [1, 256], [0, 257]),
    ("map", {}, "on_item_error", ["fail", "skip", "record"], ["retry"]),
    ("note", {}, "text", ["t" * 20_000], ["t" * 20_001]),
    ("router", {}, "mode", ["expression", "model"], ["chance"]),
    (
        "router",
        {},
        "routes",
        [[], [{"name": "a"}], [{"name": "A_9" + "x" * 61}]],
        [[{}], [{"name": ""}], [{"name": "1"}], [{"name": "a-b"}]],
    ),
    ("router", {}, "routes", [], [[{"name": "a" * 65}], [{"name": "_a"}], [{"name": "a b"}]]),
    ("tool", {"tool": "t"}, "tool", ["t"], [""]),
    ("tool", {"tool": "t"}, "arguments", [{}, {"a": [1]}], [[], "x"]),
    ("transform", {}, "expression", ["", "e" * 10_000], ["e" * 10_001]),
    ("transform", {}, "fields", [{}, {"a": "1"}], [{"a": 1}, {"a": "e" * 10_001}]),
    ("wait", {}, "seconds", [0, 31_536_000], [-0.1, 31_536_001]),
]


@pytest.mark.parametrize(("kind", "rest", "field", "good", "bad"), BOUNDS, ids=[f"{row[0]}.{row[2]}" for row in BOUNDS])
def test_parameter_takes_what_is_within_its_bounds(kind: str, rest: dict[str, Any], field: str, good: list[Any], bad: list[Any]) -> None:
    params = kind_of(kind).params
    for value in good:
        params.model_validate({**rest, field: value})
    for value in bad:
        with pytest.raises(ValidationError):
            params.model_validate({**rest, field: value})


def fields(params: type[Params]) -> dict[str, tuple[str | None, str | None, object]]:
    """By name: title, description, control."""
    return {
        name: (info.title, info.description, (info.json_schema_extra or {}).get("control"))  # type: ignore[union-attr]  # always a dict here
        for name, info in params.model_fields.items()
    }


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (
            "agent",
            {
                "agent": ("Agent", None, "agent"),
                "prompt": ("Task", "What the agent is told", "template"),
                "conversation": (
                    "After this conversation",
                    "What was said before the task: a list of messages or texts, such as state.chat. Empty: nothing",
                    "expression",
                ),
                "gives": ("Gives", "Its answer, or the whole conversation with the answer as its last message", "select"),
                "ways": ("Other ways out", "An output port for each: to another agent, or to a person", "list"),
                "min_confidence": ("Sure enough", "For the way out when it is unsure: taken below this, from 0 to 1", "number"),
                "fallback": (
                    "Less ambitious task",
                    "What the agent is told instead when it fails at the task. Empty: then the node fails",
                    "template",
                ),
                "fallback_agent": ("Who does it then", "Empty: the same agent", "agent"),
                "attachments": (
                    "Files",
                    "What the agent looks at: an expression that gives a file or a list of them, such as input.photo",
                    "expression",
                ),
            },
        ),
        (
            "split_files",
            {
                "files": (
                    "Files",
                    "One file or a list of them. Each kind leaves by its own port, as a list; a port without files stays silent.",
                    "expression",
                )
            },
        ),
        (
            "video_frames",
            {
                "video": ("Video", "A video file", "expression"),
                "spacing": ("Taken", "seconds: one every so many seconds; evenly: so many over the whole video", "select"),
                "every_s": ("Seconds between two", "When taken by seconds", None),
                "at_most": ("Frames at most", None, None),
            },
        ),
        (
            "human",
            {
                "mode": ("What is asked", None, "select"),
                "title": ("Title", None, "template"),
                "message": ("Message", None, "template"),
                "payload": ("Shown and, if edited, changed", None, "expression"),
                "answer_schema": ("Form", "JSON Schema of the value a person may give", "schema"),
                "actions": ("Buttons", "One output port for each", "list"),
                "deadline_s": ("Deadline, seconds", "Then the `expired` port is taken", "number"),
            },
        ),
        (
            "map",
            {
                "items": ("Items", "The list to go through", "expression"),
                "concurrency": ("At a time", None, "number"),
                "on_item_error": (
                    "When an item fails",
                    "fail: the node fails; skip: leave the item out; record: put the error in its place",
                    "select",
                ),
            },
        ),
        (
            "router",
            {
                "mode": ("Decided by", None, "select"),
                "routes": ("Routes", "The first that holds is taken", "list"),
                "agent": ("Agent", "Who chooses, when decided by model", "agent"),
                "prompt": ("Question", "What the agent chooses about", "template"),
            },
        ),
        (
            "tool",
            {
                "tool": ("Tool", None, "tool"),
                "arguments": (
                    "Arguments",
                    "Texts may hold {{ expressions }}; a text that is one placeholder alone keeps the type of its value",
                    "json",
                ),
            },
        ),
        (
            "transform",
            {
                "expression": ("Expression", "The value that leaves", "expression"),
                "fields": ("Fields", "Fields of the object that leaves, each an expression", "expression-map"),
            },
        ),
        ("output", {"value": ("Value", "What the run gives back", "expression")}),
        ("wait", {"seconds": ("Seconds", None, "number")}),
        ("note", {"text": ("Text", None, "textarea")}),
        ("input", {}),
    ],
)
def test_inspector_shows_each_parameter_with_its_words_and_its_control(kind: str, shown: dict[str, Any]) -> None:
    assert fields(kind_of(kind).params) == shown
