"""The worst that may legally be written, as far as it is known: each takes minutes or gigabytes where nothing stops it."""

from typing import Any

from orchestrator.engine.ids import Json

NUMBERS: list[Json] = [*range(6000)]
TEXTS: dict[str, Json] = {"list": [*range(20_000)], "text": "a" * 900_000, "other": "b" * 50}

EXPRESSIONS: dict[str, tuple[str, dict[str, Json]]] = {
    "two-level all": ("input.all(a, input.all(b, a * b >= 0))", {"input": NUMBERS}),
    "map over maps": ("input.map(a, input.map(b, input))", {"input": NUMBERS}),
    "lists put together": ("(" + " + ".join(["input"] * 400) + ").all(a, a in input)", {"input": NUMBERS}),
    "a set of a list": ("sets.contains(input, input)", {"input": [str(number) * 5 for number in range(30_000)]}),
    "texts put together": ("input.list.map(a, " + " + ".join(["input.text"] * 20) + ")", {"input": TEXTS}),
}
BOUNDED: dict[str, tuple[str, dict[str, Json]]] = {
    "a long text again and again": ("input.list.all(a, input.text.contains(input.other))", {"input": TEXTS}),
    "a pattern of the data": ("input.text.matches(input.pattern)", {"input": {"text": "a" * 400_000, "pattern": "(a?){500}(a{90}){90}b"}}),
    "patterns made again and again": ("input.list.all(a, input.text.matches('(x?){90}' + string(a)))", {"input": TEXTS}),
    "a shift": ("math.bitShiftLeft(1, 99999999999)", {"input": None}),
    "copies of copies": ("[input, input, input].map(a, [a, a, a, a].map(b, [b, b, b, b, b, b, b, b]))", {"input": NUMBERS}),
}

PATHS: dict[str, tuple[Json, str]] = {}


def deep(levels: int, width: int = 2) -> Json:
    value: Json = {"a": 1}
    for _ in range(levels):
        value = {f"k{number}": value for number in range(width)}
    return value


PATHS["descending again and again"] = (deep(12), "$..*..*..*..*")


def doubled(levels: int) -> dict[str, Any]:
    """Each level refers to the next one twice."""
    parts: dict[str, Any] = {f"a{level}": {"anyOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)}
    return {"$defs": {**parts, f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def nested(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


HOLDS_ITSELF: dict[str, Any] = {
    "anyOf": [
        {"type": "array", "items": {"$ref": "#"}, "minItems": 2},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "integer", "minimum": 5},
    ]
}
