"""What is told of faults: never where this product lies, nor how Python writes what it holds."""

import os
import sys
import tempfile
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.unforeseen import in_words

OURS = [
    __file__,
    sys.executable,
    os.path.join(tempfile.gettempdir(), "x.json"),
    "/etc/passwd",
    "/proc/1/environ",
    str(Path.home() / ".ssh/id"),
]


def without(place: str) -> Exception:
    try:
        Path(place, "nothing-here").read_text()
    except OSError as error:
        return error
    raise AssertionError(place)


@pytest.mark.parametrize("place", OURS)
def test_no_path_of_this_machine_is_told(place: str) -> None:
    for error in (without(place), ValueError(place), ValueError(f"cannot read {place}: denied"), KeyError(Path(place))):
        assert place not in in_words(error) and str(Path(place).parent) not in in_words(error)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("a number, not a text"), "ValueError: a number, not a text"),
        (ValueError(b"caf\xc3\xa9"), r"ValueError: 'caf\xc3\xa9'"),
        (ValueError("got b'it\\'s' and B\"x\""), "ValueError: got 'it\\'s' and 'x'"),
        (ValueError("no route /v1/chat/completions at https://example.com/usr/lib"), None),
        (ValueError("grab 'x' or web'x'"), "ValueError: grab 'x' or web'x'"),
        (TypeError("<object object at 0x7f00aa> is not callable"), "TypeError: <object object> is not callable"),
        (RuntimeError("line one\n\n  line two"), "RuntimeError: line one line two"),
        (RuntimeError(""), "RuntimeError"),
        (KeyError("missing part"), "KeyError: 'missing part'"),
    ],
)
def test_the_words_stay(error: Exception, told: str | None) -> None:
    assert in_words(error) == (told if told is not None else f"{type(error).__name__}: {error}")


def test_no_traceback_is_told() -> None:
    try:
        raise ValueError("inner")
    except ValueError:
        assert in_words(RuntimeError(f"It broke. {traceback.format_exc()}")) == "RuntimeError: It broke."


@given(st.text(), st.sampled_from(OURS), st.text(), st.binary(max_size=20))
def test_whatever_stands_around_it(before: str, place: str, after: str, raw: bytes) -> None:
    told = in_words(ValueError(f"{before} {place} {raw!r} {after}"))
    assert f" {place}" not in told and "\n" not in told and len(told) <= 500
