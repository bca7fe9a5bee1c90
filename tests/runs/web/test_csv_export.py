"""What leaves as a table carries no formula, however a spreadsheet reads it."""

import csv
import io
import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.web.csv_export import table_csv

STARTS = "=+-@\uff1d\uff0b\uff0d\uff20\u2212"
BEFORE = ["", " ", "\t", "\r", "\n", "\ufeff", "\u200b", "\xa0", "\x00", '"', " \ufeff\t ", "\r\n", "\u2028", "\u3000", "\x0b"]
BETWEEN = ["a;", "a|", "a\t", "a\n", "a\r\n", "a,", "a; ", "a,\ufeff", 'a;"', "a\u2028", "a;;", "a\n\n"]


def cells(text: str, separator: str) -> list[str]:
    """How a spreadsheet that splits at `separator` reads the table: it knows quotes at the start of a cell only."""
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]


def is_formula(cell: str) -> bool:
    bare = cell.lstrip(' \t\r\n\v\f\x00\ufeff\u200b\xa0\u2028\u2029\u3000"')
    return bool(bare) and bare[0] in STARTS


@pytest.mark.parametrize(("before", "start"), list(product(BEFORE, STARTS)))
def test_a_formula_is_text_whatever_stands_before_it(before: str, start: str) -> None:
    """P11"""
    hostile = f"{before}{start}cmd|' /C calc'!A0"
    text = table_csv([{"id": 1, hostile: hostile, "deep": {hostile: [hostile]}}], "")
    assert not any(is_formula(cell) for cell in cells(text, ",")), text


@pytest.mark.parametrize(("between", "start", "separator"), list(product(BETWEEN, STARTS, ",;|\t")))
def test_a_formula_in_the_middle_begins_no_cell_of_another_separator(between: str, start: str, separator: str) -> None:
    """P11"""
    text = table_csv([{"id": 1, "text": f"{between}{start}1+1", "list": [f"{between}{start}1"]}], "")
    assert not any(is_formula(cell) for cell in cells(text, separator)), text


@given(st.lists(st.text(alphabet=st.sampled_from([*STARTS, *" \t\r\n,;|\"'a1", "\ufeff", "\u200b"]), max_size=12), min_size=1, max_size=4))
def test_no_text_becomes_a_formula(texts: list[str]) -> None:
    """P11"""
    text = table_csv([{"id": 1, "text": each} for each in texts], "")
    for separator in ",;|\t":
        assert not any(is_formula(cell) for cell in cells(text, separator)), (texts, separator, text)


def test_numbers_lists_and_plain_text_stay_as_they_are() -> None:
    rows = [{"n": -2, "f": -0.5, "list": [1, -2, "x"], "text": "fine, 1-2 = -1; a@b.example", "none": None}]
    assert list(csv.reader(io.StringIO(table_csv(rows, "")))) == [
        ["n", "f", "list", "text", "none"],
        ["-2", "-0.5", '[1, -2, "x"]', "fine, 1-2 = -1; a@b.example", ""],
    ]


@pytest.mark.parametrize("part", ["\n", ";", " ", ";\ufeff", '"', "=", ";=", "\t "])
def test_quoting_takes_time_by_length_only(part: str) -> None:
    began = time.process_time()
    table_csv([{"text": part * 200_000}], "")
    assert time.process_time() - began < 2
