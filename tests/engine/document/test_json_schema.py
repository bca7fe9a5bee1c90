"""JSON Schema: what is one, and where a value does not fit."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.json_schema import faults, schema_fault
from orchestrator.engine.document.run_input import refuse_input
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json
from tests.engine.json_values import json_values


def first_fault(schema: Json, value: Json) -> str | None:
    return next(iter(faults(schema, value)), None)


PERSON: dict[str, Json] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("schema", [{}, True, False, {"type": "object"}, PERSON, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}])
def test_schema_is_one(schema: Json) -> None:
    assert schema_fault(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"type": 7},
        {"required": "name"},
        {"$ref": "#/nowhere"},
        {"pattern": "("},
        [],
        "text",
        1,
        None,
        {"minimum": "x"},
    ],
)
def test_what_is_no_schema_is_said_in_one_short_line(schema: Json) -> None:
    fault = schema_fault(schema)
    assert fault and "\n" not in fault and len(fault) <= 300


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"name": "Ann"}, None),
        ({"name": "Ann", "tags": ["a"]}, None),
        ({}, '"name" is a required property'),
        ({"name": 1}, 'at name: 1 is not of type "string"'),
        ({"name": "Ann", "tags": ["a", "c"]}, 'at tags.1: "c" is not one of "a" or "b"'),
        ([], '[] is not of type "object"'),
        (None, 'null is not of type "object"'),
    ],
)
def test_value_fits_or_is_told_where_it_does_not(value: Json, fault: str | None) -> None:
    assert first_fault(PERSON, value) == fault


def test_long_fault_is_shortened() -> None:
    fault = first_fault({"type": "string"}, ["x" * 1000])
    assert fault is not None and len(fault) == 300


def test_value_against_what_is_no_schema_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError):
        first_fault({"type": "nothing"}, 1)


@given(json_values())
def test_schema_that_asks_for_nothing_lets_everything_pass_and_one_that_forbids_all_nothing(value: Json) -> None:
    assert first_fault({}, value) is None and first_fault(True, value) is None
    assert first_fault(False, value)


@given(json_values(), st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"]))
def test_type_is_told_as_json_knows_it(value: Json, wanted: str) -> None:
    kinds: dict[str, Any] = {"null": type(None), "boolean": bool, "string": str, "array": list, "object": dict}
    if wanted == "integer":
        fits = not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    elif wanted == "number":
        fits = not isinstance(value, bool) and isinstance(value, int | float)
    else:
        fits = isinstance(value, kinds[wanted])
    assert (first_fault({"type": wanted}, value) is None) is fits


class Witness(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")


@pytest.fixture
def address() -> Iterator[str]:
    """Of a server that notes what it is asked."""
    with HTTPServer(("127.0.0.1", 0), Witness) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_reference_never_leads_outside_of_the_schema(address: str, tmp_path: Path) -> None:
    """A document is data of whoever drew it: it reads no file and asks no address of this machine's network."""
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "string"}', encoding="utf-8")
    for target in (f"{address}/secret", f"{address}/secret#/a", secret.as_uri(), "other.json", "urn:x:y"):
        schemas: tuple[Json, ...] = ({"$ref": target}, {"properties": {"a": {"items": {"$ref": target}}}}, {"$dynamicRef": target})
        for schema in schemas:
            assert schema_fault(schema), target
            with pytest.raises(ValueError):
                first_fault(schema, {"a": [1]})
    schema_fault({"$schema": f"{address}/own", "type": "string"})
    schema_fault({"$id": f"{address}/own", "$ref": "part"})
    assert Witness.asked == []


def test_input_of_a_run_is_held_against_the_form_of_its_graph() -> None:
    refuse_input(faults({}, ["anything"]))
    refuse_input(faults(PERSON, {"name": "Ann"}))
    with pytest.raises(EngineError) as caught:
        refuse_input(faults(PERSON, {"name": 1}))
    info = caught.value.info
    assert (info.code, info.message) == (ErrorCode.INVALID_INPUT, 'The input does not fit the graph: at name: 1 is not of type "string"')
    assert info.cure == "Give what the graph's input form asks for." and not info.retryable
