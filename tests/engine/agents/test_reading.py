"""How an agent's answer is read, and what its model is told when it cannot be used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.agents.reading import Reading
from orchestrator.engine.agents.reading import read_answer as read_answer_with
from orchestrator.engine.ids import Json
from tests.engine.in_place import at_once, fault_in
from tests.engine.json_values import json_values

SCHEMA: dict[str, Json] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
WANTED = f"Answer with one JSON value that fits this schema and nothing else: {json.dumps(SCHEMA)}"


def read_answer(text: str, schema: dict[str, Json] | None) -> Reading:
    return at_once(read_answer_with(fault_in, text, schema))


@given(st.text())
def test_without_a_schema_any_text_is_an_answer_but_an_empty_one(text: str) -> None:
    if text.strip():
        assert read_answer(text, None) == Reading(text)
    else:
        assert read_answer(text, None) == Reading(None, "The answer is empty", "Your answer was empty. Answer the task.", "empty")


@given(json_values(), st.sampled_from(["{}", " {} ", "\n{}\n", "```{}```", "```json\n{}\n```", "  ```json{}```  ", "```\n{}\n```"]))
def test_data_is_read_whether_it_stands_in_a_fence_or_not(value: Json, around: str) -> None:
    assert read_answer(around.replace("{}", json.dumps(value)), {}) == Reading(value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is not valid JSON (Expecting value at line 1, column 1)"),
        ("Here it is: {}", "it is not valid JSON (Expecting value at line 1, column 1)"),
        ('{"n": 1', "it is not valid JSON (Expecting ',' delimiter at line 1, column 8)"),
        ('{"n": NaN}', "it is not valid JSON (NaN is not a JSON number)"),
        ('```python\n{"n": 1}\n```', "it is not valid JSON (Expecting value at line 1, column 1)"),
        ('```json\n{"n": 1}', "it is not valid JSON (Expecting value at line 1, column 1)"),
        ("{}", '"n" is a required property'),
        ('{"n": "x"}', 'at n: "x" is not of type "integer"'),
        ("[]", '[] is not of type "object"'),
    ],
)
def test_answer_that_cannot_be_used_says_why_and_what_is_wanted(text: str, fault: str) -> None:
    assert read_answer(text, SCHEMA) == Reading(
        None,
        f"The answer does not fit the schema: {fault}",
        f"Your answer cannot be used: {fault}. {WANTED}",
        "bad_answer" if text else "empty",
    )


def test_long_fault_is_shortened() -> None:
    reading = read_answer("1" * 1000 + "x", SCHEMA)
    assert len(reading.fault) < 200


@given(st.text(), st.sampled_from([None, SCHEMA]))
def test_any_text_is_an_answer_or_has_a_fault_and_advice(text: str, schema: dict[str, Json] | None) -> None:
    reading = read_answer(text, schema)
    assert bool(reading.fault) is bool(reading.advice)
    assert not reading.fault or reading.value is None
