"""Proofs that two values are the same: equal for what JSON takes for equal, different for all else."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.effects.digest import canonical, digest, fingerprint
from orchestrator.engine.ids import Json
from tests.engine.json_values import json_values


@given(json_values())
def test_canonical_text_is_json_and_says_the_same(value: Json) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(max_size=3), json_values(2), max_size=4), st.randoms())
def test_order_in_which_an_object_was_made_changes_nothing(value: dict[str, Json], order: object) -> None:
    names = sorted(value, key=lambda _: order.random())  # type: ignore[attr-defined]
    assert canonical({name: value[name] for name in names}) == canonical(value)
    assert digest({name: value[name] for name in names}) == digest(value)


@given(json_values(), json_values())
def test_two_digests_are_the_same_when_the_texts_are(one: Json, other: Json) -> None:
    assert (digest(one) == digest(other)) is (canonical(one) == canonical(other))


@pytest.mark.parametrize(
    ("one", "other"), [([1, 2], [2, 1]), ("1", 1), (None, "null"), ({"a": 1}, [["a", 1]]), ("", None), ([[]], []), (True, 1), ({}, [])]
)
def test_what_is_not_the_same_is_proved_to_differ(one: Json, other: Json) -> None:
    assert digest(one) != digest(other)


def test_digest_is_written_as_it_has_always_been() -> None:
    """Logs hold them: a change of form would make every replay diverge."""
    assert canonical({"b": [1, 2.5, None], "a": "ä"}) == '{"a":"ä","b":[1,2.5,null]}'
    assert digest({"b": 1, "a": 2}) == "d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772"
    assert fingerprint("tool", "pay", {"n": 1}) == digest(["tool", "pay", {"n": 1}])[:32]
    assert re.fullmatch("[0-9a-f]{64}", digest("\ud800")), "half a character breaks no digest"


def test_fingerprint_tells_kind_name_and_request_apart() -> None:
    marks = {fingerprint("tool", "pay", 1), fingerprint("model", "pay", 1), fingerprint("tool", "buy", 1), fingerprint("tool", "pay", 2)}
    assert len(marks) == 4
