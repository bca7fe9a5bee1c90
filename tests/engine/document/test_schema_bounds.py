"""JSON Schemas are bounded before they are used, and never lead outside of themselves."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.json_schema import faults, schema_fault, schema_of
from orchestrator.engine.document.schema_shape import MAX_CHARACTERS, MAX_DEPTH, MAX_PARTS, MAX_REFERENCES, shape_of
from orchestrator.engine.ids import Json
from tests.engine.json_values import json_values


def doubled(levels: int) -> dict[str, Any]:
    parts: dict[str, Any] = {f"a{level}": {"anyOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)}
    return {"$defs": {**parts, f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize("levels", [4, 10])
def test_g08_doubled_references_are_counted_as_often_as_they_are_followed(levels: int) -> None:
    assert 2**levels <= shape_of(doubled(levels)).parts <= 2 ** (levels + 3)
    assert schema_fault(doubled(levels)) is None


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (doubled(18), f"it has more than {MAX_PARTS} parts once its references are followed"),
        (doubled(300), f"it has more than {MAX_PARTS} parts once its references are followed"),
        ({"enum": ["x" * MAX_CHARACTERS]}, f"it has more than {MAX_CHARACTERS} characters"),
        (nested(MAX_DEPTH + 1), f"it is nested more than {MAX_DEPTH} deep"),
        ({"allOf": [{"$ref": "#/$defs/a"}] * (MAX_REFERENCES + 1), "$defs": {"a": {}}}, f"it has {MAX_REFERENCES + 1} references"),
        ({"pattern": "(?=a)b"}, 'pattern "(?=a)b" cannot be used; look-ahead'),
        ({"pattern": "(a)\\1"}, "look-ahead, back-references and large repetitions are not taken"),
        ({"pattern": "((a{100}){100}){100}"}, "large repetitions are not taken"),
        ({"patternProperties": {"(?<!a)b": {}}}, "cannot be used"),
    ],
)
def test_g08_what_would_take_much_is_refused_in_words(schema: Json, told: str) -> None:
    fault = schema_fault(schema)
    assert fault is not None and told in fault


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"$ref": "file:///etc/passwd"}, "at #/$ref: 'file:///etc/passwd' is outside of the schema; a reference begins with #"),
        ({"properties": {"a": {"items": {"$ref": "http://127.0.0.1/x"}}}}, "at #/properties/a/items/$ref: 'http://127.0.0.1/x' is outside"),
        ({"anyOf": [{}, {"$ref": "https://json-schema.org/draft/2020-12/schema"}]}, "at #/anyOf/1/$ref: "),
        ({"$dynamicRef": "other.json#/a"}, "at #/$dynamicRef: "),
        ({"$defs": {"unused": {"not": {"$ref": "relative"}}}}, "at #/$defs/unused/not/$ref: "),
        ({"if": {"$ref": "#/nowhere"}}, "at #/if/$ref: '#/nowhere' leads nowhere"),
        ({"$ref": "#name"}, "at #/$ref: nothing is called '#name'"),
        ({"components": {"a": {"$ref": "file:/x"}}, "$ref": "#/components/a"}, "at #/$ref/$ref: 'file:/x' is outside"),
        ({"properties": {"a": {"$id": "http://127.0.0.1/a", "$ref": "#"}}}, "at #/properties/a: only the whole schema may have an `$id`"),
    ],
)
def test_n06_reference_that_leads_outside_is_refused_with_its_place(schema: Json, place: str) -> None:
    fault = schema_fault(schema)
    assert fault is not None and fault.startswith(place)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"$defs": {"a/b~c %": {"type": "null"}}, "$ref": "#/$defs/a~1b~0c%20%25"}, None, 1),
        ({"$defs": {"x": {"$anchor": "word", "type": "string"}}, "items": {"$ref": "#word"}}, ["a"], [1]),
        ({"components": {"schemas": {"a": {"type": "integer"}}}, "$ref": "#/components/schemas/a"}, 1, "a"),
        ({"properties": {"$ref": {"type": "integer"}}}, {"$ref": 1}, {"$ref": "a"}),
        ({"const": {"$ref": "http://127.0.0.1/no-reference"}}, {"$ref": "http://127.0.0.1/no-reference"}, 1),
        ({"type": "array", "items": {"$ref": "#"}}, [[[]]], [[1]]),
        ({"prefixItems": [{"type": "null"}, True], "items": False}, [None, 1], [None, 1, 2]),
    ],
)
def test_references_within_a_schema_are_followed(schema: dict[str, Any], good: Json, bad: Json) -> None:
    assert schema_fault(schema) is None
    assert faults(schema, good) == [] and faults(schema, bad)


def test_five_faults_are_told_and_no_more() -> None:
    found = faults({"items": {"type": "string"}}, [*range(20)])
    assert found == [f'at {index}: {index} is not of type "string"' for index in range(5)]


def parts() -> st.SearchStrategy[Any]:
    leaves = st.sampled_from(
        [{}, True, False, {"type": "string"}, {"pattern": "a+"}, {"$ref": "#"}, {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]
    )

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        single = st.sampled_from(["items", "not", "if", "then", "else", "additionalProperties", "contains", "propertyNames"])
        listed = st.sampled_from(["anyOf", "allOf", "oneOf", "prefixItems"])
        held = st.sampled_from(["properties", "patternProperties", "dependentSchemas"])
        return (
            st.dictionaries(single, inner, max_size=2)
            | st.dictionaries(listed, st.lists(inner, min_size=1, max_size=3), max_size=2)
            | st.dictionaries(held, st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=2), max_size=1)
        )

    return st.recursive(leaves, wider, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(parts(), parts(), parts(), json_values())
def test_any_schema_is_bounded_and_a_value_fits_it_or_not(root: Any, a: Any, b: Any, value: Json) -> None:
    """A loop of references alone, which no value can be held against, is the only thing that the library may refuse beside us."""
    schema = {**(root if isinstance(root, dict) else {}), "$defs": {"a": a, "b": b}}
    fault = schema_fault(schema)
    if fault is not None:
        assert "\n" not in fault and not re.search(r"panick|Traceback|\.rs:", fault)
        return
    shape = shape_of(schema)
    assert 1 <= shape.parts <= MAX_PARTS
    if schema_of(schema).is_cheap(value):
        assert isinstance(faults(schema, value), list)


@pytest.mark.parametrize(
    ("schema", "value", "cheap"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x"}, True),
        ({"type": "string", "pattern": "^a+$"}, "a" * 100, True),
        ({"type": "string", "pattern": "^a+$"}, "a" * 100_000, False),
        ({"type": "array", "items": {"$ref": "#"}}, [], False),
        ({"type": "array", "items": {"type": "integer"}}, [*range(30_000)], False),
        ({"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(1_000)}}, {}, False),
        (doubled(9), "x", False),
    ],
)
def test_only_small_work_is_done_in_place(schema: dict[str, Any], value: Json, cheap: bool) -> None:
    assert schema_of(schema).is_cheap(value) is cheap
