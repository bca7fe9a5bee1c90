"""What is said of two edges without evaluating anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.expressions import Variables, is_open
from orchestrator.engine.document.loops.conditions import are_opposite

OPERATORS = ("<", "<=", ">", ">=", "==", "!=")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("output < 3", "output >= 3"),
        ("output<=3", " output > 3 "),
        ("size(output.items) == 0", "size(output.items) != 0"),
        ("output.label == 'a'", "output.label != 'a'"),
        ("output.ok", "!(output.ok)"),
        ("!(a && b)", "a && b"),
    ],
)
def test_plain_opposites_are_known_both_ways(one: str, other: str) -> None:
    assert are_opposite(one, other) and are_opposite(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("output < 3", "output < 3"),
        ("output < 3", "output > 3"),
        ("output < 3", "output >= 4"),
        ("output < 3", "input >= 3"),
        ("f(a < b)", "f(a >= b)"),
        ("[a == b][0]", "[a != b][0]"),
        ("'a < b'", "'a >= b'"),
        ("a < b && c", "a >= b && c"),
        ("a ? b < c : d", "a ? b >= c : d"),
        ("!a == b", "!a != b"),
        ("output.ok", "output.ok"),
    ],
)
def test_what_may_hold_together_or_is_not_plain_is_no_opposite(one: str, other: str) -> None:
    assert not are_opposite(one, other)


@given(st.sampled_from(OPERATORS), st.sampled_from(OPERATORS), st.integers(-2, 2), st.integers(-2, 2))
def test_of_two_opposites_one_holds_and_only_one(one: str, other: str, left: int, right: int) -> None:
    conditions = f"output {one} {right}", f"output {other} {right}"
    if are_opposite(*conditions):
        seen = Variables({"output": left})
        assert is_open(conditions[0], seen) != is_open(conditions[1], seen)
