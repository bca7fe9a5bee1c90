"""What a person types into an approval's form, as the value of the answer."""

from typing import Any

import pytest

from runs.control.answer_form import LONGEST, answer_of
from runs.control.problems import InvalidAnswer
from runs.templatetags.run_figures import dollars, words

REVIEW: dict[str, Any] = {
    "mode": "review",
    "payload": "Hello",
    "answer_schema": {"type": "string"},
    "actions": [{"name": "approve"}, {"name": "edit"}],
}


def test_a_text_is_taken_as_it_was_typed() -> None:
    assert answer_of(REVIEW, "edit", "Dear\r\ncustomer") == "Dear\ncustomer"


def test_beside_an_edit_what_comes_back_as_it_was_shown_is_no_value() -> None:
    assert answer_of(REVIEW, "approve", "Hello") is None
    assert answer_of({**REVIEW, "payload": "a\nb"}, "approve", "a\r\nb") is None


def test_beside_an_edit_a_changed_text_goes_along_so_that_it_is_refused_and_not_ignored() -> None:
    assert answer_of(REVIEW, "approve", "Dear customer") == "Dear customer"


def test_without_an_edit_the_changed_text_goes_with_the_approval() -> None:
    assert answer_of({**REVIEW, "actions": [{"name": "approve"}]}, "approve", "Changed") == "Changed"


def test_anything_but_a_text_is_json() -> None:
    asked = {**REVIEW, "answer_schema": {"type": "object"}}
    assert answer_of(asked, "edit", '{"a": 1}') == {"a": 1}
    assert answer_of(asked, "edit", " ") is None


@pytest.mark.parametrize(
    "text",
    ["{a: 1}", '{"a": NaN}', "Infinity", "1e999", "9" * 5000, r'"\ud800"', r'"\u0000"', "[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000],
)
def test_what_no_log_keeps_is_refused(text: str) -> None:
    with pytest.raises(InvalidAnswer, match="not JSON"):
        answer_of({**REVIEW, "answer_schema": {"type": "object"}}, "edit", text)


def test_a_text_has_its_bound() -> None:
    with pytest.raises(InvalidAnswer):
        answer_of(REVIEW, "edit", "x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (0, "$0"),
        (12_345_678, "$0.01235"),
        (1_500_000_000, "$1.500"),
        (1_234_567_000_000, "$1,235"),
        (1, "$0.000000001"),
        (9_999_600_000, "$10.00"),
        (999_960_000_000, "$1,000"),
        (-1_200_000_000, "-$1.200"),
    ],
)
def test_money_has_four_significant_digits(nano: int, shown: str) -> None:
    assert dollars(nano) == shown


def test_a_status_reads_like_a_word() -> None:
    assert words("limit_exceeded") == "Limit exceeded"
